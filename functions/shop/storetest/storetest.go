// Package storetest is the conformance suite of the shop over a store: what both
// promise, in the contract's words. Every store must pass it.
package storetest

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/shared/operation"
)

// Open makes an empty store, a new one at each call, and returns what opens it: each
// time as another process has it.
type Open func(*testing.T) func() shop.Store

// process is the service on a store that is empty at first, in one process.
type process struct {
	*shop.Service
	open func() shop.Store
}

// another returns the service as another process has it.
func (s *process) another() *process { return &process{&shop.Service{Store: s.open()}, s.open} }

// test is one promise.
type test = func(*testing.T, *process)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for about, tests := range map[string]map[string]test{
		"POST products": createProducts, "GET products/{id}": getProducts, "DELETE products/{id}": deleteProducts, "GET products": listProducts,
		"POST orders": createOrders, "Idempotency-Key": keys, "GET orders/{id}": getOrders, "GET orders": listOrders, "GET orders/export": exports,
		"bad input": bad,
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					store := open(t)
					test(t, &process{&shop.Service{Store: store()}, store})
				})
			}
		})
	}
}

// request is a request by what it has of the contract's.
type request struct {
	id    string
	key   string
	query map[string]string
	body  string
}

// ask runs the service's operation of that name.
func ask(t *testing.T, s *process, name string, r request) operation.Response {
	t.Helper()
	wire := operation.Request{Path: map[string]string{"id": r.id}, Query: r.query, Header: map[string]string{}, Body: []byte(r.body)}
	if r.key != "" {
		wire.Header["idempotency-key"] = r.key
	}
	return named(t, s, name).Handle(t.Context(), wire)
}

func named(t *testing.T, s *process, name string) operation.Operation {
	t.Helper()
	all := s.Operations()
	i := slices.IndexFunc(all, func(o operation.Operation) bool { return o.Name == name })
	require.GreaterOrEqual(t, i, 0, "no operation %s", name)
	return all[i]
}

func requireAnswer(t *testing.T, status int, body string, got operation.Response) {
	t.Helper()
	require.Equal(t, status, got.Status, "%s", got.Body)
	require.Equal(t, "application/json", got.Header["Content-Type"])
	require.JSONEq(t, body, string(got.Body))
}

// requireError requires an error of that form, whose message is that text or has it.
func requireError(t *testing.T, status int, code, message string, got operation.Response) {
	t.Helper()
	var said map[string]string
	require.NoError(t, json.Unmarshal(got.Body, &said), "%s", got.Body)
	require.Equal(t, status, got.Status, "%s", got.Body)
	require.Len(t, said, 2, "%s", got.Body)
	require.Equal(t, code, said["error"], "%s", got.Body)
	require.Contains(t, said["message"], message)
}

func mustDecode(t *testing.T, got operation.Response, into any) {
	t.Helper()
	require.Equal(t, 200, got.Status, "%s", got.Body)
	require.NoError(t, json.Unmarshal(got.Body, into), "%s", got.Body)
}

// mustPut has a product in the shop.
func mustPut(t *testing.T, s *process, id string, stock int64) {
	t.Helper()
	require.NoError(t, s.Store.PutProduct(t.Context(), shop.Product{ID: id, Title: "The " + id, Capacity: 101, Speed: 5, Stock: stock}))
}

func requireStock(t *testing.T, want int64, s *process, id string) {
	t.Helper()
	p, err := s.Store.Product(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, want, p.Stock, "%q", id)
}

// mustOrder creates an order of that body, and returns its id.
func mustOrder(t *testing.T, s *process, r request) int64 {
	t.Helper()
	var created struct{ ID int64 }
	mustDecode(t, ask(t, s, "create-order", r), &created)
	require.Positive(t, created.ID)
	require.Less(t, created.ID, int64(1)<<53)
	return created.ID
}

// orderOf is the body of an order of one piece of each product.
func orderOf(products ...string) request {
	type line struct {
		Product  string `json:"product_id"`
		Price    string `json:"price"`
		Quantity int    `json:"quantity"`
	}
	var body struct {
		Lines []line `json:"order_details"`
	}
	for _, p := range products {
		body.Lines = append(body.Lines, line{p, "100000.99", 1})
	}
	text, _ := json.Marshal(body) // can't fail: texts and numbers
	return request{body: string(text)}
}
