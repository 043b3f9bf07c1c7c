package dynamo_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/dynamo"
	shared "lockstep/shared/dynamo"
	"lockstep/shared/operation"
)

// What an operation calls is what it declares, and so what its function may. A batch is
// called only by a process that has many queries at a time.
func TestCalls(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	called := map[string][]shared.Call{}
	s := open(t, shared.Recording(func(operation string, c shared.Call) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(called[operation], c) {
			called[operation] = append(called[operation], c)
		}
	}))()
	service := &toystore.Service{Store: s}
	do := func(name, key, body string, status int) {
		all := service.Operations()
		i := slices.IndexFunc(all, func(o operation.Operation) bool { return o.Name == name })
		answer := all[i].Handle(t.Context(), operation.Request{
			Path: map[string]string{"name": "Tux"}, Header: map[string]string{"idempotency-key": key}, Body: []byte(body),
		})
		require.Equal(t, status, answer.Status, "%s: %s", name, answer.Body)
	}
	do("put", "", `{"price":"25.99","stock":3}`, 200)
	do("buy", "", "", 200)
	for range 2 {
		do("buy", "k", "", 200)
	}
	do("buy", "l", `{"quantity":9}`, 409)
	do("query", "", "", 200)
	do("list", "", "", 200)
	do("health", "", "", 200)
	var queries sync.WaitGroup
	for range 200 {
		queries.Go(func() { do("query", "", "", 200) })
	}
	queries.Wait()

	for name, declared := range dynamo.Calls() {
		if name == "rpc" { // the door to query and buy
			require.ElementsMatch(t, dynamo.Calls()["buy"], declared)
			continue
		}
		batch := shared.On("Toys", "BatchGetItem")[0]
		for _, c := range called[name] {
			require.Contains(t, declared, c, name)
		}
		for _, c := range declared {
			require.True(t, c == batch || slices.Contains(called[name], c), "%s does not call %v", name, c)
		}
	}
	require.NotContains(t, called, "health")
}
