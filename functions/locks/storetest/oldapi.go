package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/operation"
)

// oldAPI is what old clients rely on, to the letter.
var oldAPI = map[string]test{
	"an empty registry":                           emptyRegistry,
	"the registry":                                registryFlags,
	"a lock is taken once and freed once":         lockAndUnlock,
	"anyone frees a lock":                         anyoneUnlocks,
	"an unknown endpoint is not found":            unknown,
	"names are case-sensitive and any characters": names,
	"a resource is read while it is locked":       readLocked,
	"of many lockers at once one gets it":         manyLockers,
	"of many unlockers at once one frees it":      manyUnlockers,
	"lock and unlock by turns, from everywhere":   byTurns,
}

func alreadyLocked(name string) string {
	return fmt.Sprintf(`{"error":"'%s' is already locked"}`, name)
}
func alreadyUnlocked(name string) string {
	return fmt.Sprintf(`{"error":"'%s' is already unlocked"}`, name)
}
func notFound(name string) string { return fmt.Sprintf(`{"error":"'%s' not found"}`, name) }

func mustBeLocked(name string) string {
	return fmt.Sprintf(`{"error":"'%s' must be locked to access its state"}`, name)
}

func emptyRegistry(t *testing.T, r *registry) {
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "registry", request{}))
}

func registryFlags(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1, 2)
	mustPut(t, r.Service, "b", 2)
	mustPut(t, r.Service, "c")
	mustLock(t, r.Service, "b")
	requireAnswer(t, 200, `{"a":{"locked":false,"resources":[1,2]},"b":{"locked":true,"resources":[2]},"c":{"locked":false,"resources":[]}}`,
		ask(t, r.another(), "registry", request{}))
	mustUnlock(t, r.Service, "b")
	requireLocked(t, false, r.another(), "b")
}

func lockAndUnlock(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	for range 2 { // a freed lock can be taken again
		requireAnswer(t, 403, alreadyUnlocked("a"), ask(t, r.Service, "unlock", request{endpoint: "a"}))
		mustLock(t, r.Service, "a")
		requireAnswer(t, 403, alreadyLocked("a"), ask(t, r.Service, "lock", request{endpoint: "a"}))
		requireLocked(t, true, r.Service, "a")
		requireLocked(t, false, r.Service, "b")
		mustUnlock(t, r.Service, "a")
		requireLocked(t, false, r.Service, "a")
	}
	requireNobody(t, r.Service)
}

func anyoneUnlocks(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	other := r.another()
	requireAnswer(t, 403, alreadyLocked("a"), ask(t, other, "lock", request{endpoint: "a"}))
	requireAnswer(t, 200, `{"state":"initial"}`, ask(t, other, "resource", request{endpoint: "a", id: "1"}))
	mustUnlock(t, other, "a")
	requireAnswer(t, 403, alreadyUnlocked("a"), ask(t, r.Service, "unlock", request{endpoint: "a"}))
	mustLock(t, other, "a")
	mustUnlock(t, r.Service, "a")
}

func unknown(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	for _, name := range []string{"A", "b", "", "a "} {
		for _, operation := range []string{"lock", "unlock", "delete-endpoint"} {
			requireAnswer(t, 404, notFound(name), ask(t, r.Service, operation, request{endpoint: name}))
		}
		for _, id := range []string{"1", "x"} {
			requireAnswer(t, 404, notFound(name), ask(t, r.Service, "resource", request{endpoint: name, id: id}))
		}
	}
	mustPut(t, r.Service, "A")
	mustLock(t, r.Service, "A") // the failed lock has left nothing behind
}

func names(t *testing.T, r *registry) {
	for i, name := range oddNames {
		mustPut(t, r.Service, name, int64(i))
	}
	for _, name := range oddNames {
		mustLock(t, r.Service, name)
	}
	for name, e := range mustRegistry(t, r.Service) {
		require.True(t, e.Locked, "%q", name)
	}
	for i, name := range oddNames {
		requireStatus(t, 200, ask(t, r.Service, "resource", request{endpoint: name, id: fmt.Sprint(i)}))
		mustUnlock(t, r.Service, name)
	}
	requireNobody(t, r.Service)
}

func readLocked(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1, 2)
	mustWrite(t, r.Store, 5, map[int64]string{1: "written"})
	requireAnswer(t, 403, mustBeLocked("a"), ask(t, r.Service, "resource", request{endpoint: "a", id: "1"}))
	mustLock(t, r.Service, "a")
	requireAnswer(t, 200, `{"state":"written"}`, ask(t, r.Service, "resource", request{endpoint: "a", id: "1"}))
	requireAnswer(t, 403, mustBeLocked("b"), ask(t, r.Service, "resource", request{endpoint: "b", id: "1"}))
	for _, id := range []string{"2", "x", "+1", "01x"} {
		requireAnswer(t, 404, fmt.Sprintf(`{"error":"'a' does not expose resource '%s'"}`, id), ask(t, r.Service, "resource", request{endpoint: "a", id: id}))
	}
	mustUnlock(t, r.Service, "a")
	requireAnswer(t, 403, mustBeLocked("a"), ask(t, r.Service, "resource", request{endpoint: "a", id: "1"}))
}

// race asks n times at once, from processes of their own by turns, and returns how
// many won; all others have the answer that says who was late.
func race(t *testing.T, r *registry, n int, late string, ask func(*locks.Service) operation.Response) int64 {
	t.Helper()
	processes := []*locks.Service{r.Service, r.another(), r.another(), r.another()}
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if got := ask(processes[i%len(processes)]); got.Status == 200 {
				won.Add(1)
			} else {
				requireAnswer(t, 403, late, got)
			}
		})
	}
	wg.Wait()
	return won.Load()
}

func manyLockers(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a")
	won := race(t, r, 16, alreadyLocked("a"), func(s *locks.Service) operation.Response { return ask(t, s, "lock", request{endpoint: "a"}) })
	require.EqualValues(t, 1, won)
	requireLocked(t, true, r.Service, "a")
}

func manyUnlockers(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a")
	mustLock(t, r.Service, "a")
	won := race(t, r, 16, alreadyUnlocked("a"), func(s *locks.Service) operation.Response { return ask(t, s, "unlock", request{endpoint: "a"}) })
	require.EqualValues(t, 1, won)
	requireLocked(t, false, r.Service, "a")
}

// byTurns has lockers that free what they get: as many unlocks succeed as locks do,
// and one locks at a time.
func byTurns(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a")
	var inside atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		s := r.another()
		wg.Go(func() {
			for done := 0; done < 3; {
				got := ask(t, s, "lock", request{endpoint: "a"})
				if got.Status != 200 {
					requireAnswer(t, 403, alreadyLocked("a"), got)
					continue
				}
				require.EqualValues(t, 1, inside.Add(1))
				inside.Add(-1)
				mustUnlock(t, s, "a")
				done++
			}
		})
	}
	wg.Wait()
	requireNobody(t, r.Service)
}
