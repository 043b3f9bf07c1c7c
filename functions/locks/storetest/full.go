package storetest

import (
	"errors"
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

// fill makes as many leases as there is room for, of keys that no endpoint has, and
// returns the secret of a large one. Its process's clock is that far ahead, or behind:
// all of them stand for longer than the test, or have expired.
func fill(t *testing.T, r *registry, clock time.Duration) (large string) {
	t.Helper()
	leases := r.by(clock).Leases
	add := func(about string, keys int) (secret string, err error) {
		request := lease.Request{Secret: lease.NewSecret(), TTL: lease.MaxTTL}
		for k := range keys {
			request.Keys = append(request.Keys, fmt.Sprintf("%s %*d", about, lease.MaxKeyBytes-len(about)-1, k))
		}
		_, err = leases.TryStatus(t.Context(), request)
		return request.Secret, err
	}
	var wg sync.WaitGroup
	secrets := make([]string, 28) // 196 of the 200 KB
	for i := range secrets {
		wg.Go(func() {
			var err error
			secrets[i], err = add(fmt.Sprint("large ", i), lease.MaxKeys)
			require.NoError(t, err)
		})
	}
	wg.Wait()
	for i := 0; ; i++ {
		_, err := add(fmt.Sprint("small ", i), 1)
		if errors.Is(err, lease.ErrBusy) {
			return secrets[0]
		}
		require.NoError(t, err)
	}
}

func refusedWhenFull(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 2)
	mustHave(t, r.Service, want("a").lasting(15*time.Minute))
	large := fill(t, r, 10*time.Minute)
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
	mustRelease(t, r.Service, leased{Lease: large})
	requireLease(t, 201, ask(t, r.Service, "acquire", request{lease: secret, body: want("b")}))
}

func roomOfTheDead(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	fill(t, r, -hour)
	mustAcquire(t, r.Service, "a")
	mustLock(t, r.Service, "b")
}
