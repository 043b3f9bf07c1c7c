package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/operation"
)

// operators is what operators do with endpoints.
var operators = map[string]test{
	"put adds, changes and keeps order":                    putByOperator,
	"a locked endpoint is neither put nor deleted":         changeOfLocked,
	"a leased endpoint is neither put nor deleted":         changeOfLeased,
	"nor one that a live lease waits for":                  changeOfWanted,
	"a deleted endpoint is gone, and comes back unlocked":  deleted,
	"of many operators at once nobody leaves it locked":    manyOperators,
	"a lock and a deletion at once: one of them wins":      lockAgainstDelete,
	"a lock that was left at a deleted endpoint is freed":  leftLock,
	"an expired lease does not keep an operator from work": changeOfExpired,
}

func resources(text string) string { return `{"resources":` + text + `}` }

func put(name, ids string) request { return request{endpoint: name, body: resources(ids)} }

func isLocked(name string) string { return fmt.Sprintf(`{"error":"'%s' is locked"}`, name) }

func putByOperator(t *testing.T, r *registry) {
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "put-endpoint", put("a", `[30,1,2]`)))
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "put-endpoint", put("b", `[]`)))
	requireAnswer(t, 200, `{"a":{"locked":false,"resources":[1,2,30]},"b":{"locked":false,"resources":[]}}`, ask(t, r.Service, "registry", request{}))
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "put-endpoint", put("a", `[4,2]`)))
	require.Equal(t, []int64{2, 4}, mustRegistry(t, r.Service)["a"].Resources)
	requireNobody(t, r.Service)
}

// requireUnchangeable requires that operators are refused, and told why.
func requireUnchangeable(t *testing.T, r *registry, name string) {
	t.Helper()
	requireAnswer(t, 409, isLocked(name), ask(t, r.another(), "put-endpoint", put(name, `[2]`)))
	requireAnswer(t, 409, isLocked(name), ask(t, r.another(), "delete-endpoint", request{endpoint: name}))
	require.Equal(t, []int64{1}, mustRegistry(t, r.Service)[name].Resources)
}

func requireChangeable(t *testing.T, r *registry, name string) {
	t.Helper()
	requireAnswer(t, 200, `{}`, ask(t, r.another(), "put-endpoint", put(name, `[2]`)))
	requireAnswer(t, 200, `{}`, ask(t, r.another(), "delete-endpoint", request{endpoint: name}))
}

func changeOfLocked(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	requireUnchangeable(t, r, "a")
	mustUnlock(t, r.Service, "a")
	requireChangeable(t, r, "a")
}

func changeOfLeased(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	l := mustAcquire(t, r.Service, "a", "b")
	requireUnchangeable(t, r, "a")
	requireUnchangeable(t, r, "b")
	mustRelease(t, r.Service, l)
	requireChangeable(t, r, "a")
}

func changeOfWanted(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "a")
	waiting := mustWait(t, r, "a", "b")
	requireUnchangeable(t, r, "b")
	mustRelease(t, r.Service, waiting)
	requireChangeable(t, r, "b")
}

func changeOfExpired(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustAcquire(t, r.by(-hour), "a")
	requireChangeable(t, r, "a")
}

func deleted(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "delete-endpoint", request{endpoint: "a"}))
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "registry", request{}))
	for _, operation := range []string{"delete-endpoint", "lock", "unlock"} {
		requireAnswer(t, 404, notFound("a"), ask(t, r.Service, operation, request{endpoint: "a"}))
	}
	requireAnswer(t, 200, `{}`, ask(t, r.Service, "put-endpoint", put("a", `[1]`)))
	requireLocked(t, false, r.Service, "a")
}

func manyOperators(t *testing.T, r *registry) {
	var wg sync.WaitGroup
	for i := range 8 {
		s := r.another()
		wg.Go(func() {
			if got := ask(t, s, "put-endpoint", put("a", fmt.Sprintf("[%d]", i))); got.Status != 200 {
				requireAnswer(t, 409, isLocked("a"), got)
			}
		})
	}
	wg.Wait()
	require.Len(t, mustRegistry(t, r.Service)["a"].Resources, 1, "somebody has won")
	requireLocked(t, false, r.Service, "a")
	requireNobody(t, r.Service)
}

func lockAgainstDelete(t *testing.T, r *registry) {
	operator := r.another()
	for range 8 {
		mustPut(t, r.Service, "a", 1)
		var locked, gone operation.Response
		var wg sync.WaitGroup
		wg.Go(func() { locked = ask(t, r.Service, "lock", request{endpoint: "a"}) })
		wg.Go(func() { gone = ask(t, operator, "delete-endpoint", request{endpoint: "a"}) })
		wg.Wait()
		require.False(t, locked.Status == 200 && gone.Status == 200, "a lock was taken on an endpoint that is gone")
		if locked.Status == 200 {
			requireAnswer(t, 409, isLocked("a"), gone)
			mustUnlock(t, r.Service, "a")
		}
		if gone.Status != 200 {
			requireAnswer(t, 200, `{}`, ask(t, operator, "delete-endpoint", request{endpoint: "a"}))
		}
		require.Empty(t, mustRegistry(t, r.Service))
		requireNobody(t, r.Service)
	}
}

// Such a lock is left when a process dies between locking and looking again.
func leftLock(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	_, err := r.Leases.Lock(t.Context(), "b", 0)
	require.NoError(t, err)
	requireAnswer(t, 404, notFound("b"), ask(t, r.Service, "unlock", request{endpoint: "b"}))
	mustPut(t, r.Service, "b", 1)
	requireLocked(t, false, r.Service, "b")
}
