package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// full is what is answered when there is no room for one more.
var full = map[string]test{
	"503 with Retry-After, and room again after a release": refusedWhenFull,
	"expired ones make room":                               roomOfTheDead,
}

// capacity is how many leases of few endpoints there is room for.
const capacity = 500

// fill makes that many leases, each of a key that no endpoint has.
func fill(t *testing.T, l *lease.Leaser, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, err := l.TryStatus(t.Context(), lease.Request{Secret: lease.NewSecret(), Keys: []string{fmt.Sprint("key ", i)}, Owner: "one of many", TTL: 10 * time.Minute})
			require.NoError(t, err)
		})
	}
	wg.Wait()
}

func refusedWhenFull(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 2)
	fill(t, r.Leases, capacity-1)
	last := mustAcquire(t, r.Service, "a")
	secret := lease.NewSecret()
	for name, ask := range map[string]func() operation.Response{
		"a lease": func() operation.Response {
			return ask(t, r.Service, "acquire", request{lease: secret, body: want("b")})
		},
		"a lease, waiting": func() operation.Response {
			return ask(t, r.Service, "acquire", request{lease: secret, body: want("b").waiting(time.Second)})
		},
		"a lease behind one": func() operation.Response {
			return ask(t, r.another(), "acquire", request{body: want("a").waiting(time.Second)})
		},
		"a lock":              func() operation.Response { return ask(t, r.Service, "lock", request{endpoint: "b"}) },
		"a query":             func() operation.Response { return ask(t, r.Service, "query", request{body: `{"resources":[2]}`}) },
		"an operator's work":  func() operation.Response { return ask(t, r.Service, "put-endpoint", put("b", `[3]`)) },
		"an operator's other": func() operation.Response { return ask(t, r.Service, "delete-endpoint", request{endpoint: "b"}) },
	} {
		got := ask()
		requireAnswer(t, 503, `{"error":"too many hold or wait for leases"}`, got)
		require.Equal(t, "1", got.Header["Retry-After"], name)
	}
	requireStatus(t, 409, ask(t, r.Service, "acquire", request{body: want("a")})) // without waiting: it needs no room
	requireLocked(t, false, r.Service, "b")
	require.Equal(t, []int64{2}, mustRegistry(t, r.Service)["b"].Resources)
	mustRelease(t, r.Service, last)
	requireLease(t, 201, ask(t, r.Service, "acquire", request{lease: secret, body: want("b")}))
}

func roomOfTheDead(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	fill(t, r.by(-hour).Leases, capacity)
	mustAcquire(t, r.Service, "a")
	mustLock(t, r.Service, "b")
}
