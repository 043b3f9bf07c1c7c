package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
)

const odyssey = `{"id":"the_odyssey","title":"The Odyssey","passenger_capacity":101,"maximum_speed":5,"in_stock":10}`

var createProducts = map[string]test{
	"200 and the id": func(t *testing.T, s *process) {
		requireAnswer(t, 200, `{"id":"the_odyssey"}`, ask(t, s, "create-product", request{body: odyssey}))
		requireAnswer(t, 200, odyssey, ask(t, s.another(), "product", request{id: "the_odyssey"}))
	},
	"again replaces it, whatever was sold": func(t *testing.T, s *process) {
		mustPut(t, s, "the_odyssey", 3)
		mustOrder(t, s, orderOf("the_odyssey"))
		requireAnswer(t, 200, `{"id":"the_odyssey"}`, ask(t, s.another(), "create-product", request{body: odyssey}))
		requireAnswer(t, 200, odyssey, ask(t, s, "product", request{id: "the_odyssey"}))
	},
	"the least and the most": func(t *testing.T, s *process) {
		for _, body := range []string{
			`{"id":"a","title":"b","passenger_capacity":0,"maximum_speed":0,"in_stock":0}`,
			`{"id":"a","title":"` + strings.Repeat("é", 500) + `","passenger_capacity":9007199254740991,"maximum_speed":9007199254740991,"in_stock":9007199254740991}`,
		} {
			requireAnswer(t, 200, `{"id":"a"}`, ask(t, s, "create-product", request{body: body}))
			requireAnswer(t, 200, body, ask(t, s, "product", request{id: "a"}))
		}
	},
	"names that nobody asked for are ignored": func(t *testing.T, s *process) {
		body := strings.Replace(odyssey, "{", `{"ID":null,"more":[{"in_stock":"x"}],`, 1)
		requireAnswer(t, 200, `{"id":"the_odyssey"}`, ask(t, s, "create-product", request{body: body}))
		requireAnswer(t, 200, odyssey, ask(t, s, "product", request{id: "the_odyssey"}))
	},
}

var getProducts = map[string]test{
	"an id of any characters": func(t *testing.T, s *process) {
		for i, id := range anyIDs {
			mustPut(t, s, id, int64(i))
		}
		for i, id := range anyIDs {
			var got struct {
				ID    string
				Title string
				Stock int64 `json:"in_stock"`
			}
			mustDecode(t, ask(t, s.another(), "product", request{id: id}), &got)
			require.Equal(t, id, got.ID)
			require.Equal(t, "The "+id, got.Title)
			require.Equal(t, int64(i), got.Stock)
		}
	},
	"404, no such product": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 1)
		for _, id := range []string{"tu", "tux2", "Tux", "none", "", ".", "a/b", strings.Repeat("x", 201)} {
			for _, operation := range []string{"product", "delete-product"} {
				requireAnswer(t, 404, `{"error":"PRODUCT_NOT_FOUND","message":"Product ID `+id+` does not exist"}`, ask(t, s, operation, request{id: id}))
			}
		}
		require.Equal(t, 404, ask(t, s, "product", request{id: "\xff"}).Status)
	},
}

var deleteProducts = map[string]test{
	"204, and it is gone; a second one is a 404": func(t *testing.T, s *process) {
		for _, id := range anyIDs {
			mustPut(t, s, id, 5)
			got := ask(t, s, "delete-product", request{id: id})
			require.Equal(t, 204, got.Status, "%q: %s", id, got.Body)
			require.Empty(t, got.Body)
			for _, operation := range []string{"product", "delete-product"} {
				requireError(t, 404, "PRODUCT_NOT_FOUND", "does not exist", ask(t, s.another(), operation, request{id: id}))
			}
		}
		requireAnswer(t, 200, `[]`, ask(t, s, "products", request{}))
	},
	"it leaves its neighbours": func(t *testing.T, s *process) {
		for _, id := range []string{"a", "b", "c"} {
			mustPut(t, s, id, 5)
		}
		require.Equal(t, 204, ask(t, s, "delete-product", request{id: "b"}).Status)
		require.Equal(t, []string{"a", "c"}, mustListProducts(t, s, 10))
	},
	"an order after it brings nothing back": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 5)
		mustPut(t, s, "fox", 5)
		require.Equal(t, 204, ask(t, s, "delete-product", request{id: "tux"}).Status)
		requireAnswer(t, 404, `{"error":"PRODUCT_NOT_FOUND","message":"Product Id tux"}`, ask(t, s, "create-order", orderOf("fox", "tux")))
		require.Equal(t, 404, ask(t, s, "product", request{id: "tux"}).Status)
		require.Equal(t, []string{"fox"}, mustListProducts(t, s, 10))
		requireStock(t, 5, s, "fox")
	},
	"it can be created anew": func(t *testing.T, s *process) {
		mustPut(t, s, "the_odyssey", 5)
		for range 3 {
			require.Equal(t, 204, ask(t, s, "delete-product", request{id: "the_odyssey"}).Status)
			requireAnswer(t, 200, `{"id":"the_odyssey"}`, ask(t, s.another(), "create-product", request{body: odyssey}))
			requireAnswer(t, 200, odyssey, ask(t, s, "product", request{id: "the_odyssey"}))
		}
	},
}

// anyIDs are ids that a parser or a key may stumble over.
var anyIDs = []string{
	"a", "0", "-1", "null", "...", "a.b[0]", "m-x", "#n", ":v", "100%", "%20", "%2F", `say "hi"`, `\`, "it's", "Дирижабль", "🎈", "e\u0301", "<b>", " ", "a\nb", "\x00",
	"\u2028", "export", strings.Repeat("é", 100), strings.Repeat("x", 200),
}

// mustListProducts lists page by page, and returns the ids.
func mustListProducts(t *testing.T, s *process, limit int) (ids []string) {
	t.Helper()
	for query := map[string]string{"limit": strconv.Itoa(limit)}; query != nil; {
		got := ask(t, s, "products", request{query: query})
		var page []struct{ ID string }
		mustDecode(t, got, &page)
		for _, p := range page {
			ids = append(ids, p.ID)
		}
		if query = next(t, got); query != nil {
			require.Len(t, page, limit, "a page before the last is full")
		}
	}
	return ids
}

var listProducts = map[string]test{
	"none": func(t *testing.T, s *process) {
		got := ask(t, s, "products", request{})
		requireAnswer(t, 200, `[]`, got)
		require.Nil(t, next(t, got))
	},
	"five fields each": func(t *testing.T, s *process) {
		require.Equal(t, 200, ask(t, s, "create-product", request{body: odyssey}).Status)
		requireAnswer(t, 200, "["+odyssey+"]", ask(t, s, "products", request{}))
	},
	"by id, in the order of bytes": func(t *testing.T, s *process) {
		for i, id := range anyIDs {
			mustPut(t, s, id, int64(i))
		}
		want := slices.Sorted(slices.Values(anyIDs))
		for _, limit := range []int{1, 7, len(want) - 1, len(want), len(want) + 1, shop.MaxPage} {
			require.Equal(t, want, mustListProducts(t, s, limit), "limit %d", limit)
		}
	},
	"by id, however few are read at a time": func(t *testing.T, s *process) {
		for _, id := range anyIDs {
			mustPut(t, s, id, 1)
		}
		want := slices.Sorted(slices.Values(anyIDs))
		for _, about := range []int{1, 3} {
			var got []string
			for p, err := range s.Store.Products(t.Context(), want[1], about) {
				require.NoError(t, err)
				got = append(got, p.ID)
			}
			require.Equal(t, want[2:], got, "%d at a time", about)
		}
	},
	"one more page": func(t *testing.T, s *process) {
		for i := range 5 {
			mustPut(t, s, fmt.Sprint("p", i), 1)
		}
		first := ask(t, s, "products", request{query: map[string]string{"limit": "3"}})
		mustPut(t, s, "p0a", 1) // behind us
		mustPut(t, s, "p3a", 1)
		var rest []struct{ ID string }
		mustDecode(t, ask(t, s, "products", request{query: next(t, first)}), &rest)
		text, err := json.Marshal(rest)
		require.NoError(t, err)
		require.JSONEq(t, `[{"ID":"p3"},{"ID":"p3a"},{"ID":"p4"}]`, string(text))
	},
}
