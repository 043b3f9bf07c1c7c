package shop_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/shared/operation"
)

// list asks for a page of products or orders.
func list(t *testing.T, service *shop.Service, name string) operation.Response {
	t.Helper()
	for _, o := range service.Operations() {
		if o.Name == name {
			return o.Handle(t.Context(), operation.Request{})
		}
	}
	t.Fatalf("no operation %s", name)
	return operation.Response{}
}

func TestAPageOfProductsEndsAt4MB(t *testing.T) {
	t.Parallel()
	store := shop.NewMemory()
	for i := range shop.MaxPage {
		id := strings.Repeat("\x01", 190) + fmt.Sprint(i)
		require.NoError(t, store.PutProduct(t.Context(), shop.Product{ID: id, Title: strings.Repeat("\x01", shop.MaxTitle), Stock: 1}))
	}
	got := list(t, &shop.Service{Store: store}, "products")
	require.Equal(t, 200, got.Status)
	require.LessOrEqual(t, len(got.Body), 4<<20)
	require.Greater(t, len(got.Body), 4<<20-10_000)
	require.NotEmpty(t, got.Header["Link"])
}

// Lambda hands an answer on as a JSON string: one with many quotes must still be below 6 MB.
func TestAPageIsNotTooLargeWhereItIsQuoted(t *testing.T) {
	t.Parallel()
	store := shop.NewMemory()
	product := strings.Repeat(`"`, shop.MaxID)
	require.NoError(t, store.PutProduct(t.Context(), shop.Product{ID: product, Title: "Quotes", Stock: 100_000}))
	order := make([]shop.Line, shop.MaxLines)
	for i := range order {
		order[i] = shop.Line{Product: product, Price: 1, Quantity: 1}
	}
	for range 20 {
		_, err := store.CreateOrder(t.Context(), order, "")
		require.NoError(t, err)
	}
	got := list(t, &shop.Service{Store: store}, "orders")
	handedOn, err := json.Marshal(string(got.Body))
	require.NoError(t, err)
	require.Less(t, len(handedOn), 6_000_000)
	require.Greater(t, len(handedOn), 5_000_000)
	require.NotEmpty(t, got.Header["Link"])
}

func TestTheBareListHasAThousandAtMost(t *testing.T) {
	t.Parallel()
	store := shop.NewMemory()
	require.NoError(t, store.PutProduct(t.Context(), shop.Product{ID: "tux", Title: "Tux", Stock: 10_000}))
	for range 1001 {
		_, err := store.CreateOrder(t.Context(), []shop.Line{{Product: "tux", Price: 1, Quantity: 1}}, "")
		require.NoError(t, err)
	}
	got := list(t, &shop.Service{Store: store}, "orders")
	var page []struct{ ID int64 }
	require.NoError(t, json.Unmarshal(got.Body, &page))
	require.Len(t, page, 1000)
	require.Regexp(t, `^<\?cursor=[A-Za-z0-9_-]+>; rel="next"$`, got.Header["Link"])
}

func TestTheEventOfAnOrder(t *testing.T) {
	t.Parallel()
	var ids shop.IDs
	at := time.Date(2026, 11, 21, 14, 30, 0, 123_000_000, time.UTC)
	o := shop.Order{ID: ids.Draw(at), Lines: []shop.Line{{Product: "tux", Price: 199, Quantity: 2}}}
	text, err := json.Marshal(shop.OrderCreated{Order: o})
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{"id":%d,"created_at":"2026-11-21T14:30:00.123Z","order_details":[{"id":1,"product_id":"tux","quantity":2,"price":"1.99"}]}`, o.ID), string(text))

	for range shop.MaxLines - 1 { // more than an event bus takes
		o.Lines = append(o.Lines, shop.Line{Product: strings.Repeat("\x01", shop.MaxID), Price: 1, Quantity: 1})
	}
	text, err = json.Marshal(shop.OrderCreated{Order: o})
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{"id":%d,"created_at":"2026-11-21T14:30:00.123Z","order_details":null}`, o.ID), string(text))
}
