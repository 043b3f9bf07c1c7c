package storetest

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
)

// polls is GET /leases with the header Lease.
var polls = map[string]test{
	"the same object as POST gave":               pollGranted,
	"who waits is told how many are before":      pollWaiting,
	"with wait_ms, until it is granted":          pollUntilGranted,
	"with wait_ms, no longer than that":          pollInVain,
	"first come, first served":                   firstCome,
	"404 once it is gone":                        pollGone,
	"404 as soon as it is gone":                  goneWhilePolling,
	"keeps a waiting entry alive":                keepsAlive,
	"does not lengthen a granted one":            leavesGranted,
	"the public id is not the lease's":           publicIDIsNoSecret,
	"a waiter that gave no sign of life is gone": deadWaiter,
}

const noSuchLease = `{"error":"there is no such lease, or not any more"}`

func waitFor(d time.Duration) map[string]string {
	return map[string]string{"wait_ms": strconv.FormatInt(d.Milliseconds(), 10)}
}

// mustBeGranted waits until the lease is granted.
func mustBeGranted(t *testing.T, s *locks.Service, l leased) leased {
	t.Helper()
	got := requireLease(t, 200, ask(t, s, "leases", request{lease: l.Lease, query: waitFor(25 * time.Second)}))
	require.True(t, got.Granted)
	require.Nil(t, got.Ahead)
	return got
}

func pollGranted(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	for _, query := range []map[string]string{nil, waitFor(0), waitFor(25 * time.Second)} {
		require.Equal(t, l, requireLease(t, 200, ask(t, r.another(), "leases", request{lease: l.Lease, query: query})))
	}
}

func pollWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	holder := mustAcquire(t, r.Service, "a")
	second, third := mustWait(t, r, "a"), mustWait(t, r, "a")
	ahead := func(l leased) int {
		got := requireLease(t, 200, ask(t, r.another(), "leases", request{lease: l.Lease}))
		require.False(t, got.Granted)
		require.Equal(t, l.Token, got.Token)
		return *got.Ahead
	}
	require.Equal(t, 1, ahead(second))
	require.Equal(t, 2, ahead(third))
	mustRelease(t, r.Service, second)
	require.Equal(t, 1, ahead(third))
	mustRelease(t, r.Service, holder)
	require.True(t, requireLease(t, 200, ask(t, r.another(), "leases", request{lease: third.Lease})).Granted, "without wait_ms too")
}

func pollUntilGranted(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	holder, begin := mustAcquire(t, r.Service, "a"), time.Now()
	waiting, waiter := mustWait(t, r, "a"), r.another()
	granted := later(func() leased { return mustBeGranted(t, waiter, waiting) })
	mustRelease(t, r.Service, holder)
	got := <-granted
	require.Equal(t, waiting.Token, got.Token)
	require.False(t, got.expires(t).Before(begin.Add(time.Minute).Truncate(time.Millisecond)), "the whole of it, from the grant on")
}

func pollInVain(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	waiting := mustWait(t, r, "a")
	got := requireLease(t, 200, ask(t, r.another(), "leases", request{lease: waiting.Lease, query: waitFor(10 * time.Millisecond)}))
	require.False(t, got.Granted)
	requireLocked(t, true, r.Service, "a")
}

func firstCome(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	var line []leased
	for range 5 {
		line = append(line, mustWait(t, r, "a"))
	}
	mustUnlock(t, r.Service, "a")
	for i, l := range line {
		s := r.another()
		mustBeGranted(t, s, l)
		for _, behind := range line[i+1:] {
			require.False(t, requireLease(t, 200, ask(t, s, "leases", request{lease: behind.Lease})).Granted)
		}
		mustRelease(t, s, l)
	}
	requireNobody(t, r.Service)
}

func pollGone(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	released := mustAcquire(t, r.Service, "a")
	mustRelease(t, r.Service, released)
	broken := mustAcquire(t, r.Service, "a")
	requireStatus(t, 200, ask(t, r.Service, "break", request{id: broken.ID, operator: "me"}))
	evicted := mustAcquire(t, r.by(-hour), "a")
	mustLock(t, r.Service, "a")
	for _, secret := range []string{released.Lease, broken.Lease, evicted.Lease, lease.NewSecret()} {
		for _, query := range []map[string]string{nil, waitFor(25 * time.Second)} {
			requireAnswer(t, 404, noSuchLease, ask(t, r.another(), "leases", request{lease: secret, query: query}))
		}
	}
}

func goneWhilePolling(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	waiting, waiter := mustWait(t, r, "a"), r.another()
	answer := later(func() int {
		return ask(t, waiter, "leases", request{lease: waiting.Lease, query: waitFor(25 * time.Second)}).Status
	})
	mustRelease(t, r.Service, waiting)
	require.Equal(t, 404, <-answer)
}

// By a clock that is 3 s ahead 2 s are left of what POST was worth.
func keepsAlive(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "a")
	waiting := mustWaitIn(t, r.Service, "a", "b")
	polled := requireLease(t, 200, ask(t, r.by(3*time.Second), "leases", request{lease: waiting.Lease}))
	require.False(t, polled.Granted)
	require.GreaterOrEqual(t, polled.expires(t).Sub(waiting.expires(t)), 2*time.Second)
	requireAnswer(t, 403, alreadyLocked("b"), ask(t, r.by(6*time.Second), "lock", request{endpoint: "b"}))
}

// It stood for 5 s, and half a second for clocks that differ.
func deadWaiter(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "a")
	waiting := mustWaitIn(t, r.Service, "a", "b")
	mustLock(t, r.by(time.Minute), "b")
	requireAnswer(t, 404, noSuchLease, ask(t, r.Service, "leases", request{lease: waiting.Lease, query: waitFor(25 * time.Second)}))
}

func leavesGranted(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	require.Equal(t, l, requireLease(t, 200, ask(t, r.by(50*time.Second), "leases", request{lease: l.Lease, query: waitFor(time.Second)})))
}

func publicIDIsNoSecret(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	requireStatus(t, 404, ask(t, r.Service, "leases", request{lease: l.ID}))
	requireStatus(t, 410, ask(t, r.Service, "renew", request{lease: l.ID, body: `{"ttl_ms":60000}`}))
	requireStatus(t, 404, ask(t, r.Service, "release", request{lease: l.ID}))
	requireStatus(t, 403, ask(t, r.Service, "resource", request{endpoint: "a", id: "1", lease: l.ID}))
	require.True(t, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})).Granted)
}
