package shop_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/shared/operation"
)

// lines keeps a stream's answer.
type lines struct {
	status int
	parts  [][]byte
}

func (l *lines) Begin(status int, _ map[string]string) { l.status = status }

func (l *lines) Send(part []byte) error {
	l.parts = append(l.parts, part)
	return nil
}

// Whatever comes is answered, in JSON and never by a 5xx, and no stock goes below zero.
func FuzzOperations(f *testing.F) {
	f.Add("tux", "k", `{"order_details":[{"product_id":"tux","price":"1.005","quantity":2}]}`, "1", "")
	f.Add("", "", ``, "", "VHV4")
	f.Add("tux", "\xff", `{"id":"tux","title":"Tux","passenger_capacity":1,"maximum_speed":2,"in_stock":3}`, "1000", "!")
	f.Add("a/b", "", `{"order_details":[{"product_id":"tux","price":1e-9,"quantity":9007199254740991},null]}`, "-1", "MTA")
	f.Add("9007199254740991", "k", "\ufeff{}", "x", "Lg")
	f.Add("001", "k", `{"id":"\u0000","title":"\ud83d\ude00","passenger_capacity":-0,"maximum_speed":0,"in_stock":1e1}`, "2", "AA")
	f.Fuzz(func(t *testing.T, id, key, body, limit, cursor string) {
		store := shop.NewMemory()
		require.NoError(t, store.PutProduct(t.Context(), shop.Product{ID: "tux", Title: "Tux", Stock: 3}))
		service := &shop.Service{Store: store}
		all := service.Operations()
		for _, o := range append(all, all...) { // what the first round leaves, the second one meets
			r := operation.Request{
				Path: map[string]string{"id": id}, Query: map[string]string{"limit": limit, "cursor": cursor},
				Header: map[string]string{"idempotency-key": key}, Body: []byte(body),
			}
			var l lines
			if o.Kind == operation.Stream {
				require.NoError(t, o.Stream(t.Context(), r, &l))
			} else {
				answer := o.Handle(t.Context(), r)
				if l.status = answer.Status; l.status != 204 {
					l.parts = append(l.parts, answer.Body)
				}
			}
			require.Less(t, l.status, 500, o.Name)
			for _, part := range l.parts {
				require.True(t, o.Name == "openapi" || json.Valid(part), "%s: %s", o.Name, part) // that is YAML
			}
		}
		for p, err := range store.Products(t.Context(), "", 10) {
			require.NoError(t, err)
			require.GreaterOrEqual(t, p.Stock, int64(0))
			require.NoError(t, shop.CheckID("id", p.ID))
			require.NotEmpty(t, p.Title)
		}
		for o, err := range store.Orders(t.Context(), 0, 10) {
			require.NoError(t, err)
			for _, l := range o.Lines {
				require.Positive(t, l.Quantity)
				require.GreaterOrEqual(t, l.Price, int64(0))
			}
		}
	})
}
