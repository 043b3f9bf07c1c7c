package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// hour is by how much clocks differ to which everybody else is dead.
const hour = time.Hour

// sideBySide is old clients and holders of leases in one registry.
var sideBySide = map[string]test{
	"an old client is refused what a lease holds":             lockOfLeased,
	"an old client is refused what a live lease waits for":    lockOfWanted,
	"an old client does not free a lease":                     unlockOfLeased,
	"a lease that waits is nothing to free":                   unlockOfWanted,
	"a lease is refused what an old client has locked":        leaseOfLocked,
	"a lease waits behind an old lock and gets it on unlock":  leaseBehindLock,
	"under an old lock is read while a lease waits":           readWhileWaiting,
	"reading without the lease what is leased":                readLeased,
	"an expired lease does not lock the registry":             expiredLease,
	"an expired waiter does not lock the registry":            expiredWaiter,
	"locks with a limit end":                                  lockLimit,
	"locks without one do not":                                noLockLimit,
	"a lock and a lease at once: one of them wins":            lockAgainstLease,
	"whatever the registry shows as locked is refused a lock": registryIsLocks,
}

func lockOfLeased(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	l := mustAcquire(t, r.Service, "a")
	requireLocked(t, true, r.another(), "a")
	requireLocked(t, false, r.another(), "b")
	requireAnswer(t, 403, alreadyLocked("a"), ask(t, r.another(), "lock", request{endpoint: "a"}))
	mustLock(t, r.another(), "b")
	mustRelease(t, r.Service, l)
	requireLocked(t, false, r.another(), "a")
	mustLock(t, r.another(), "a")
}

func lockOfWanted(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustAcquire(t, r.Service, "a")
	waiting := mustWait(t, r, "a", "b")
	requireLocked(t, true, r.another(), "b")
	requireAnswer(t, 403, alreadyLocked("b"), ask(t, r.another(), "lock", request{endpoint: "b"}))
	mustRelease(t, r.Service, waiting)
	requireLocked(t, false, r.another(), "b")
	mustLock(t, r.another(), "b")
}

func unlockOfLeased(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	requireAnswer(t, 403, `{"error":"'a' is locked by a lease"}`, ask(t, r.another(), "unlock", request{endpoint: "a"}))
	require.True(t, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})).Granted)
	mustRelease(t, r.Service, l)
	requireAnswer(t, 403, alreadyUnlocked("a"), ask(t, r.another(), "unlock", request{endpoint: "a"}))
}

func unlockOfWanted(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustAcquire(t, r.Service, "a")
	mustWait(t, r, "a", "b")
	requireAnswer(t, 403, alreadyUnlocked("b"), ask(t, r.another(), "unlock", request{endpoint: "b"}))
}

func leaseOfLocked(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "b")
	requireAnswer(t, 409, `{"error":"'b' is already locked","endpoint":"b","owner":""}`, ask(t, r.another(), "acquire", request{body: want("a", "b")}))
	requireLocked(t, false, r.Service, "a")
	mustUnlock(t, r.Service, "b")
	mustAcquire(t, r.another(), "a", "b")
}

func leaseBehindLock(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	first, second := mustWait(t, r, "a"), mustWait(t, r, "a")
	require.Equal(t, 1, *first.Ahead)
	require.Equal(t, 2, *second.Ahead)
	requireAnswer(t, 403, alreadyLocked("a"), ask(t, r.another(), "lock", request{endpoint: "a"}))
	mustUnlock(t, r.Service, "a")
	got := mustBeGranted(t, r.another(), first)
	require.Equal(t, first.Token, got.Token)
	requireAnswer(t, 403, `{"error":"'a' is locked by a lease"}`, ask(t, r.Service, "unlock", request{endpoint: "a"}))
	mustRelease(t, r.Service, got)
	mustBeGranted(t, r.Service, second)
}

func readWhileWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	waiting := mustWait(t, r, "a")
	requireAnswer(t, 200, `{"state":"initial"}`, ask(t, r.Service, "resource", request{endpoint: "a", id: "1"}))
	requireStatus(t, 403, ask(t, r.Service, "resource", request{endpoint: "a", id: "1", lease: waiting.Lease}))
	mustUnlock(t, r.Service, "a")
	requireAnswer(t, 403, mustBeLocked("a"), ask(t, r.Service, "resource", request{endpoint: "a", id: "1"}))
}

func readLeased(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	requireAnswer(t, 403, mustBeLocked("a"), ask(t, r.Service, "resource", request{endpoint: "a", id: "1"}))
	requireAnswer(t, 200, `{"state":"initial"}`, ask(t, r.Service, "resource", request{endpoint: "a", id: "1", lease: l.Lease}))
}

func expiredLease(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	old := mustAcquire(t, r.by(-hour), "a")
	requireLocked(t, false, r.Service, "a")
	mustLock(t, r.Service, "a")
	requireStatus(t, 404, ask(t, r.Service, "leases", request{lease: old.Lease}))
	requireLocked(t, true, r.Service, "a")
	mustUnlock(t, r.Service, "a")
}

func expiredWaiter(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "a")
	mustWaitIn(t, r.by(-hour), "a", "b")
	requireLocked(t, false, r.Service, "b")
	mustLock(t, r.Service, "b")
	mustUnlock(t, r.Service, "a")
	requireLocked(t, false, r.Service, "a")
}

func lockLimit(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	old, limited := r.by(-hour), r.another()
	old.LockLimit, limited.LockLimit = time.Minute, time.Minute
	mustLock(t, old, "a")
	requireLocked(t, false, r.Service, "a")
	requireAnswer(t, 403, alreadyUnlocked("a"), ask(t, r.Service, "unlock", request{endpoint: "a"}))
	requireAnswer(t, 403, mustBeLocked("a"), ask(t, r.Service, "resource", request{endpoint: "a", id: "1"}))
	mustLock(t, limited, "a")
	requireLocked(t, true, r.Service, "a")
	said := requireError(t, 409, "'a' is already locked", ask(t, r.Service, "acquire", request{body: want("a")}))
	require.WithinDuration(t, time.Now().Add(time.Minute), leased{ExpiresAt: said["expires_at"].(string)}.expires(t), 30*time.Second)
	mustUnlock(t, r.Service, "a")
}

func noLockLimit(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.by(-1000*hour), "a")
	requireLocked(t, true, r.Service, "a")
	requireAnswer(t, 403, alreadyLocked("a"), ask(t, r.by(1000*hour), "lock", request{endpoint: "a"}))
	mustUnlock(t, r.Service, "a")
}

func lockAgainstLease(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	other := r.another()
	for range 8 {
		l := leased{Lease: lease.NewSecret()}
		var locked, held operation.Response
		var wg sync.WaitGroup
		wg.Go(func() { locked = ask(t, r.Service, "lock", request{endpoint: "a"}) })
		wg.Go(func() { held = ask(t, other, "acquire", request{lease: l.Lease, body: want("a")}) })
		wg.Wait()
		if locked.Status == 200 {
			require.Equal(t, 409, held.Status, "%s", held.Body)
			mustUnlock(t, r.Service, "a")
		} else {
			requireAnswer(t, 403, alreadyLocked("a"), locked)
			require.Equal(t, 201, held.Status, "%s", held.Body)
			mustRelease(t, other, l)
		}
	}
}

// registryIsLocks: an endpoint is locked whenever POST lock would answer 403.
func registryIsLocks(t *testing.T, r *registry) {
	for _, name := range []string{"locked", "leased", "waited", "free", "expired", "behind"} {
		mustPut(t, r.Service, name, 1)
	}
	mustLock(t, r.Service, "locked")
	mustAcquire(t, r.Service, "leased")
	mustWait(t, r, "waited", "leased")
	mustAcquire(t, r.by(-hour), "expired")
	mustWait(t, r, "locked", "behind")
	all := mustRegistry(t, r.Service)
	for name, locked := range map[string]bool{"locked": true, "leased": true, "waited": true, "free": false, "expired": false, "behind": true} {
		require.Equal(t, locks.Endpoint{Locked: locked, Resources: []int64{1}}, all[name], name)
		status := ask(t, r.Service, "lock", request{endpoint: name}).Status
		require.Equal(t, locked, status == 403, "%s: %d", name, status)
	}
}
