package toystore_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore"
	"lockstep/shared/operation"
)

// Whatever comes is answered, in JSON and never by a 5xx, and no stock goes below zero.
func FuzzOperations(f *testing.F) {
	f.Add("Tux", "k", `{"quantity":2}`, "1", "")
	f.Add("", "", ``, "", "VHV4")
	f.Add("Tux", "\xff", `{"price":"25.99","stock":12}`, "1000", "!")
	f.Add("a\nb", "", `{"quantity":9223372036854775807}`, "-1", "Cg")
	f.Fuzz(func(t *testing.T, name, key, body, limit, cursor string) {
		store := toystore.NewMemory()
		require.NoError(t, store.Put(t.Context(), toystore.Toy{Name: "Tux", Price: 2599, Stock: 3}))
		service := &toystore.Service{Store: store}
		for _, o := range service.Operations() {
			answer := o.Handle(t.Context(), operation.Request{
				Path: map[string]string{"name": name}, Query: map[string]string{"limit": limit, "cursor": cursor},
				Header: map[string]string{"idempotency-key": key}, Body: []byte(body),
			})
			require.Less(t, answer.Status, 500, "%s: %s", o.Name, answer.Body)
			require.True(t, json.Valid(answer.Body), "%s: %s", o.Name, answer.Body)
		}
		toys, err := store.Toys(t.Context(), "", 10)
		require.NoError(t, err)
		for _, toy := range toys {
			require.GreaterOrEqual(t, toy.Stock, int64(0))
			require.Positive(t, toy.Price)
			require.NoError(t, toystore.CheckName("name", toy.Name))
		}
	})
}
