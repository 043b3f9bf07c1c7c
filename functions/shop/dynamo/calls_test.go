package dynamo_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
	shared "lockstep/shared/dynamo"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

func requireUpstream(t *testing.T, err error) {
	t.Helper()
	f := new(failure.Error)
	require.ErrorAs(t, err, &f)
	require.Equal(t, failure.Upstream, f.Code)
}

type nowhere struct{}

func (nowhere) Begin(int, map[string]string) {}
func (nowhere) Send([]byte) error            { return nil }

// doer runs a service's operations by their name.
func doer(t *testing.T, service *shop.Service) func(name string, status int, r operation.Request) operation.Response {
	t.Helper()
	all := service.Operations()
	return func(name string, status int, r operation.Request) operation.Response {
		i := slices.IndexFunc(all, func(o operation.Operation) bool { return o.Name == name })
		if all[i].Kind == operation.Stream {
			require.NoError(t, all[i].Stream(t.Context(), r, nowhere{}))
			return operation.Response{}
		}
		got := all[i].Handle(t.Context(), r)
		require.Equal(t, status, got.Status, "%s: %s", name, got.Body)
		return got
	}
}

func withID(id any) operation.Request {
	return operation.Request{Path: map[string]string{"id": fmt.Sprint(id)}}
}

func order(quantity int, key string) operation.Request {
	return operation.Request{
		Header: map[string]string{"idempotency-key": key},
		Body:   fmt.Appendf(nil, `{"order_details":[{"product_id":"tux","price":1,"quantity":%d}]}`, quantity),
	}
}

// What an operation calls is what it declares, and so what its function may.
func TestCalls(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	called := map[string][]shared.Call{}
	s := open(t, faults.Soon, faults.Inject(faults.Nth("TransactWriteItems", 4, faults.Lost)), shared.Recording(func(operation string, c shared.Call) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(called[operation], c) {
			called[operation] = append(called[operation], c)
		}
	}))()
	s.Draws(4096)
	do := doer(t, &shop.Service{Store: s})
	do("create-product", 200, operation.Request{Body: []byte(`{"id":"tux","title":"Tux","passenger_capacity":1,"maximum_speed":1,"in_stock":3}`)})
	do("create-order", 200, order(1, "k"))
	do("create-order", 200, order(1, "k"))
	do("create-order", 409, order(9, "")) // refused, by an attempt that nobody heard of first
	do("product", 200, withID("tux"))
	do("products", 200, operation.Request{})
	do("order", 200, withID(4096))
	do("orders", 200, operation.Request{})
	do("export", 200, operation.Request{})
	do("delete-product", 204, withID("tux"))
	do("health", 200, operation.Request{})
	for name, declared := range dynamo.Calls() {
		require.ElementsMatch(t, declared, called[name], name)
	}
	require.NotContains(t, called, "health")
}
