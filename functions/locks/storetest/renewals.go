package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// renewals is PUT /leases.
var renewals = map[string]test{
	"lasts from now on":                     renewed,
	"never shortens":                        renewedForLess,
	"renews what has expired and stands":    renewedExpired,
	"keeps alive what waits":                renewedWaiting,
	"410 when it was evicted":               renewedEvicted,
	"410 when it was broken":                renewedBroken,
	"410 when it was released or never was": renewedReleased,
	"a renewed lease is not evicted":        renewedInTime,
}

func renew(t *testing.T, s *locks.Service, l leased, ttl time.Duration) operation.Response {
	t.Helper()
	return ask(t, s, "renew", request{lease: l.Lease, body: fmt.Sprintf(`{"ttl_ms":%d}`, ttl.Milliseconds())})
}

func requireLost(t *testing.T, r *registry, l leased) {
	t.Helper()
	requireAnswer(t, 410, `{"error":"the lease is gone: released, evicted or broken"}`, renew(t, r.another(), l, time.Minute))
}

func renewed(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l, begin := mustAcquire(t, r.Service, "a"), time.Now()
	got := requireLease(t, 200, renew(t, r.another(), l, 10*time.Minute))
	require.WithinDuration(t, begin.Add(10*time.Minute), got.expires(t), time.Minute)
	l.ExpiresAt = got.ExpiresAt
	require.Equal(t, l, got)
	require.Equal(t, l, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})))
}

func renewedForLess(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustHave(t, r.Service, want("a").lasting(10*time.Minute))
	for _, ttl := range []time.Duration{100 * time.Millisecond, 9 * time.Minute} {
		require.Equal(t, l, requireLease(t, 200, renew(t, r.another(), l, ttl)))
	}
	require.Equal(t, l, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})))
}

func renewedExpired(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.by(-hour), "a")
	requireLocked(t, false, r.Service, "a")
	got := requireLease(t, 200, renew(t, r.Service, l, time.Minute))
	require.Equal(t, l.Token, got.Token)
	requireLocked(t, true, r.Service, "a")
	requireStatus(t, 409, ask(t, r.Service, "acquire", request{body: want("a")}))
}

func renewedWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "a")
	waiting := mustWaitIn(t, r.Service, "a", "b")
	got := requireLease(t, 200, renew(t, r.by(3*time.Second), waiting, 10*time.Minute))
	require.False(t, got.Granted)
	require.Equal(t, 1, *got.Ahead)
	require.GreaterOrEqual(t, got.expires(t).Sub(waiting.expires(t)), 2*time.Second)
	mustLock(t, r.by(time.Minute), "b") // but not for 10 minutes
}

func renewedEvicted(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.by(-hour), "a")
	mustAcquire(t, r.Service, "a")
	requireLost(t, r, l)
}

func renewedBroken(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	requireStatus(t, 200, ask(t, r.Service, "break", request{id: l.ID, operator: "me"}))
	requireLost(t, r, l)
	mustLock(t, r.Service, "a")
}

func renewedReleased(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	mustRelease(t, r.Service, l)
	requireLost(t, r, l)
	requireLost(t, r, leased{Lease: lease.NewSecret()})
	requireNobody(t, r.Service)
}

// By the clock of a process that is 2 minutes ahead it has expired but for the
// renewal.
func renewedInTime(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	requireStatus(t, 200, renew(t, r.Service, l, 10*time.Minute))
	requireAnswer(t, 403, alreadyLocked("a"), ask(t, r.by(2*time.Minute), "lock", request{endpoint: "a"}))
	require.True(t, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})).Granted)
}
