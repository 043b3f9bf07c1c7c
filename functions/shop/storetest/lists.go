package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/shared/operation"
)

// mustListOrders lists page by page, and returns all orders.
func mustListOrders(t *testing.T, s *process, limit int) (all []order) {
	t.Helper()
	for query := map[string]string{"limit": strconv.Itoa(limit)}; query != nil; {
		got := ask(t, s, "orders", request{query: query})
		var page []order
		mustDecode(t, got, &page)
		all = append(all, page...)
		if query = next(t, got); query != nil {
			require.Len(t, page, limit, "a page before the last is full")
			require.Equal(t, strconv.Itoa(limit), query["limit"])
		}
	}
	return all
}

func idsOf(orders []order) []int64 {
	ids := make([]int64, len(orders))
	for i, o := range orders {
		ids[i] = o.ID
	}
	return ids
}

// mustOrders creates some orders of a tux each, and returns their ids in order.
func mustOrders(t *testing.T, s *process, n int) []int64 {
	t.Helper()
	mustPut(t, s, "tux", int64(n))
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = mustOrder(t, s, orderOf("tux"))
	}
	slices.Sort(ids)
	return ids
}

// maximal is an order whose JSON is as long as that of any: ids that are escaped.
func maximal() (products []string, lines []shop.Line) {
	for i := range shop.MaxDistinct {
		products = append(products, strings.Repeat("\x01", shop.MaxID-2)+fmt.Sprintf("%02d", i))
	}
	for i := range shop.MaxLines {
		lines = append(lines, shop.Line{Product: products[i%len(products)], Price: 1e18 - 1, Quantity: shop.MaxQuantity})
	}
	return products, lines
}

var listOrders = map[string]test{
	"none": func(t *testing.T, s *process) {
		got := ask(t, s, "orders", request{})
		requireAnswer(t, 200, `[]`, got)
		require.Nil(t, next(t, got))
	},
	"a bare array, without images and products": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 10)
		id := mustOrder(t, s, request{body: `{"order_details":[{"product_id":"tux","price":"1.005","quantity":3},{"product_id":"tux","price":2,"quantity":1}]}`})
		requireAnswer(t, 200, fmt.Sprintf(`[{"id":%d,"order_details":[{"id":1,"product_id":"tux","quantity":3,"price":"1.01"},{"id":2,"product_id":"tux","quantity":1,"price":"2.00"}]}]`, id),
			ask(t, s.another(), "orders", request{}))
	},
	"in id order, page by page": func(t *testing.T, s *process) {
		want := mustOrders(t, s, 50)
		for _, limit := range []int{7, 49, 50, 51, shop.MaxPage} {
			require.Equal(t, want, idsOf(mustListOrders(t, s.another(), limit)), "limit %d", limit)
		}
		require.Equal(t, want[:12], idsOf(mustListOrders(t, s, 1))[:12])
	},
	"in id order, however few are read at a time": func(t *testing.T, s *process) {
		want := mustOrders(t, s, 40)
		for _, about := range []int{1, 3, 20} {
			var got []int64
			for o, err := range s.Store.Orders(t.Context(), want[1], about) {
				require.NoError(t, err)
				got = append(got, o.ID)
			}
			require.Equal(t, want[2:], got, "%d at a time", about)
		}
	},
	"the next page is at a relative link, which keeps the limit": func(t *testing.T, s *process) {
		ids := mustOrders(t, s, 3)
		got := ask(t, s, "orders", request{query: map[string]string{"limit": "2"}})
		require.Regexp(t, `^<\?limit=2&cursor=[A-Za-z0-9_-]+>; rel="next"$`, got.Header["Link"])
		query := next(t, got)
		delete(query, "limit")
		rest := ask(t, s, "orders", request{query: query})
		require.Contains(t, string(rest.Body), fmt.Sprint(ids[2]))
		require.NotContains(t, string(rest.Body), fmt.Sprint(ids[1]))
		require.Nil(t, next(t, rest))
	},
	"orders that come while one turns the pages": func(t *testing.T, s *process) {
		mustOrders(t, s, 4)
		first := ask(t, s, "orders", request{query: map[string]string{"limit": "4"}})
		require.Nil(t, next(t, first), "all of them")
		first = ask(t, s, "orders", request{query: map[string]string{"limit": "3"}})
		more := mustOrders(t, s, 2)
		var rest []order
		mustDecode(t, ask(t, s, "orders", request{query: next(t, first)}), &rest)
		require.Equal(t, more, idsOf(rest)[1:])
	},
	"maximal orders end a page at 4 MB": func(t *testing.T, s *process) {
		products, lines := maximal()
		const orders = 7
		for _, p := range products {
			mustPut(t, s, p, 50*shop.MaxQuantity)
		}
		for range orders {
			_, err := s.Store.CreateOrder(t.Context(), lines, "")
			require.NoError(t, err)
		}
		got := ask(t, s, "orders", request{})
		require.LessOrEqual(t, len(got.Body), 4<<20)
		require.Greater(t, len(got.Body), 3<<20)
		require.NotContains(t, next(t, got), "limit")
		var first, rest []order
		mustDecode(t, got, &first)
		mustDecode(t, ask(t, s, "orders", request{query: next(t, got)}), &rest)
		require.Equal(t, orders, len(first)+len(rest))
		require.Len(t, rest[0].Lines, shop.MaxLines)
		one := ask(t, s, "order", request{id: fmt.Sprint(rest[0].ID)})
		require.Less(t, len(one.Body), 4<<20)
	},
}

// sink keeps a stream's answer.
type sink struct {
	status int
	header map[string]string
	bytes.Buffer
}

var _ operation.Sink = (*sink)(nil)

func (s *sink) Begin(status int, header map[string]string) { s.status, s.header = status, header }

func (s *sink) Send(part []byte) error {
	_, err := s.Write(part)
	return err
}

var exports = map[string]test{
	"NDJSON, every order, by id": func(t *testing.T, s *process) {
		want := mustOrders(t, s, 40)
		var out sink
		require.NoError(t, named(t, s, "export").Stream(t.Context(), operation.Request{}, &out))
		require.Equal(t, 200, out.status)
		require.Equal(t, "application/x-ndjson", out.header["Content-Type"])
		var got []order
		for line := range strings.Lines(out.String()) {
			var o order
			require.NoError(t, json.Unmarshal([]byte(line), &o), line)
			require.Equal(t, "100000.99", o.Lines[0].Price)
			got = append(got, o)
		}
		require.Equal(t, want, idsOf(got))
	},
	"none": func(t *testing.T, s *process) {
		var out sink
		require.NoError(t, named(t, s, "export").Stream(t.Context(), operation.Request{}, &out))
		require.Equal(t, 200, out.status)
		require.Zero(t, out.Len())
	},
}
