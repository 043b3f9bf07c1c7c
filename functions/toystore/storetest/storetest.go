// Package storetest is the conformance suite of the toy store over a store: what both
// promise, in the contract's words. Every store must pass it.
package storetest

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore"
	"lockstep/shared/operation"
)

// Open makes an empty store, a new one at each call, and returns what opens it: each
// time as another process has it.
type Open func(*testing.T) func() toystore.Store

// shop is the service on a store that is empty at first, in one process.
type shop struct {
	*toystore.Service
	open func() toystore.Store
}

// another returns the service as another process has it.
func (s *shop) another() *shop { return &shop{&toystore.Service{Store: s.open()}, s.open} }

// test is one promise.
type test = func(*testing.T, *shop)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for about, tests := range map[string]map[string]test{
		"GET toys/{name}": queries, "POST buy": buys, "Idempotency-Key": keys, "never oversold": crowds,
		"GET toys": lists, "PUT toys/{name}": puts, "bad input": bad,
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					store := open(t)
					test(t, &shop{&toystore.Service{Store: store()}, store})
				})
			}
		})
	}
}

// request is a request by what it has of the contract's.
type request struct {
	name  string
	key   string
	query map[string]string
	body  string
}

// ask runs the service's operation of that name.
func ask(t *testing.T, s *shop, name string, r request) operation.Response {
	t.Helper()
	all := s.Operations()
	i := slices.IndexFunc(all, func(o operation.Operation) bool { return o.Name == name })
	require.GreaterOrEqual(t, i, 0, "no operation %s", name)
	wire := operation.Request{Path: map[string]string{"name": r.name}, Query: r.query, Header: map[string]string{}, Body: []byte(r.body)}
	if r.key != "" {
		wire.Header["idempotency-key"] = r.key
	}
	return all[i].Handle(t.Context(), wire)
}

func requireAnswer(t *testing.T, status int, body string, got operation.Response) {
	t.Helper()
	require.JSONEq(t, body, string(got.Body))
	require.Equal(t, status, got.Status)
}

// requireField requires a refusal that names the field.
func requireField(t *testing.T, field string, got operation.Response) {
	t.Helper()
	var said struct{ Error, Field string }
	require.NoError(t, json.Unmarshal(got.Body, &said))
	require.Equal(t, 400, got.Status, "%s", got.Body)
	require.Equal(t, field, said.Field, "%s", got.Body)
	require.NotEmpty(t, said.Error)
}

// mustPut has a toy in the catalogue.
func mustPut(t *testing.T, s *shop, name string, cents, stock int64) {
	t.Helper()
	require.NoError(t, s.Store.Put(t.Context(), toystore.Toy{Name: name, Price: cents, Stock: stock}))
}

func requireStock(t *testing.T, want int64, s *shop, name string) {
	t.Helper()
	toy, err := s.Store.Toy(t.Context(), name)
	require.NoError(t, err)
	require.Equal(t, want, toy.Stock)
}
