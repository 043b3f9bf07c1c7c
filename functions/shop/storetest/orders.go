package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
)

// order is how an order reads.
type order struct {
	ID    int64
	Lines []struct {
		ID       int
		Product  string `json:"product_id"`
		Quantity int64
		Price    string
	} `json:"order_details"`
}

func mustGet(t *testing.T, s *process, id int64) (o order) {
	t.Helper()
	mustDecode(t, ask(t, s, "order", request{id: fmt.Sprint(id)}), &o)
	return o
}

var createOrders = map[string]test{
	"200, and the stock has fallen": func(t *testing.T, s *process) {
		mustPut(t, s, "the_odyssey", 10)
		mustPut(t, s, "the_enigma", 5)
		mustOrder(t, s, request{body: `{"order_details":[{"product_id":"the_odyssey","price":"100000.99","quantity":1},{"product_id":"the_enigma","price":"200000.99","quantity":2}]}`})
		requireStock(t, 9, s.another(), "the_odyssey")
		requireStock(t, 3, s.another(), "the_enigma")
	},
	"ids grow with time": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 10)
		first := mustOrder(t, s, orderOf("tux"))
		for range 3 {
			id := mustOrder(t, s.another(), orderOf("tux"))
			require.Greater(t, id>>12, first>>12-1, "to the millisecond")
			require.NotEqual(t, first, id)
			first = id
		}
	},
	"prices are rounded half away from zero": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 1000)
		for given, want := range prices {
			id := mustOrder(t, s, request{body: `{"order_details":[{"product_id":"tux","quantity":1,"price":` + given + `}]}`})
			require.Equal(t, want, mustGet(t, s, id).Lines[0].Price, given)
		}
	},
	"two lines of one product take both": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 5)
		two := request{body: `{"order_details":[{"product_id":"tux","price":1,"quantity":2},{"product_id":"tux","price":2,"quantity":2}]}`}
		id := mustOrder(t, s, two)
		requireStock(t, 1, s, "tux")
		require.Len(t, mustGet(t, s, id).Lines, 2)
		requireError(t, 409, "OUT_OF_STOCK", "product tux is out of stock: asked for 4, available 1", ask(t, s, "create-order", two))
		requireStock(t, 1, s, "tux")
	},
	"409 and nothing, naming the product, what was asked for and what there is": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 5)
		mustPut(t, s, "fox", 0)
		requireAnswer(t, 409, `{"error":"OUT_OF_STOCK","message":"product fox is out of stock: asked for 1, available 0"}`, ask(t, s, "create-order", orderOf("tux", "fox")))
		requireStock(t, 5, s, "tux")
		requireAnswer(t, 200, `[]`, ask(t, s, "orders", request{}))
	},
	"404, the first product that is unknown": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 5)
		mustPut(t, s, "fox", 0)
		for want, products := range map[string][]string{
			"yeti": {"yeti"}, "nessie": {"tux", "nessie", "yeti"}, "kraken": {"fox", "kraken"},
		} {
			requireAnswer(t, 404, `{"error":"PRODUCT_NOT_FOUND","message":"Product Id `+want+`"}`, ask(t, s, "create-order", orderOf(products...)))
		}
		requireStock(t, 5, s, "tux")
		requireAnswer(t, 200, `[]`, ask(t, s, "orders", request{}))
	},
	"to the last piece, and never below": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 3)
		for left := int64(2); left >= 0; left-- {
			mustOrder(t, s, orderOf("tux"))
			requireStock(t, left, s, "tux")
		}
		for range 2 {
			requireError(t, 409, "OUT_OF_STOCK", "available 0", ask(t, s, "create-order", orderOf("tux")))
		}
		requireStock(t, 0, s, "tux")
	},
	"ten identical orders are ten orders": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 100)
		ids := map[int64]bool{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				id := mustOrder(t, s.another(), orderOf("tux"))
				mu.Lock()
				defer mu.Unlock()
				ids[id] = true
			})
		}
		all.Wait()
		require.Len(t, ids, 10)
		requireStock(t, 90, s, "tux")
		require.Len(t, mustListOrders(t, s, 1000), 10)
	},
	"500 lines of 98 products": func(t *testing.T, s *process) {
		products := make([]string, shop.MaxLines)
		for i := range products {
			products[i] = fmt.Sprint("product ", i%shop.MaxDistinct)
		}
		for _, p := range products[:shop.MaxDistinct] {
			mustPut(t, s, p, 10)
		}
		big := orderOf(products...)
		big.key = "k"
		id := mustOrder(t, s, big)
		requireStock(t, 4, s, products[0])
		requireStock(t, 5, s, products[97])
		require.Len(t, mustGet(t, s, id).Lines, shop.MaxLines)
	},
	"as much as one may": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", shop.MaxNumber)
		mustOrder(t, s, request{body: `{"order_details":[{"product_id":"tux","price":0,"quantity":1000000000}]}`})
		requireStock(t, shop.MaxNumber-1e9, s, "tux")
	},
}

// prices are decimals, and how they are returned.
var prices = map[string]string{
	`"100000.99"`: "100000.99", `5`: "5.00", `"1.005"`: "1.01", `1.005`: "1.01", `0`: "0.00", `"0.004"`: "0.00", `0.005`: "0.01", `"2.675"`: "2.68", `1e2`: "100.00", `"1.5E-2"`: "0.02",
	`9999999999999999.99`: "9999999999999999.99", `-0`: "0.00", `0.0`: "0.00",
}

var keys = map[string]test{
	"the same key gives the same order, once": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 10)
		r := orderOf("tux")
		r.key = "k"
		id := mustOrder(t, s, r)
		for range 3 {
			require.Equal(t, id, mustOrder(t, s.another(), r))
		}
		requireStock(t, 9, s, "tux")
		require.NotEqual(t, id, mustOrder(t, s, orderOf("tux")))
		r.key = "other"
		require.NotEqual(t, id, mustOrder(t, s, r))
		require.Len(t, mustListOrders(t, s, 1000), 3)
	},
	"also once there is none left, or no such product": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 1)
		r := orderOf("tux")
		r.key = "k"
		id := mustOrder(t, s, r)
		require.Equal(t, id, mustOrder(t, s, r))
		require.Equal(t, 204, ask(t, s, "delete-product", request{id: "tux"}).Status)
		require.Equal(t, id, mustOrder(t, s.another(), r))
	},
	"422 with another body": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 10)
		mustPut(t, s, "fox", 10)
		r := orderOf("tux")
		r.key = "k"
		mustOrder(t, s, r)
		for _, other := range []request{orderOf("fox"), orderOf("tux", "tux"), {body: strings.Replace(r.body, "100000.99", "1.00", 1)}, orderOf("none")} {
			other.key = "k"
			requireError(t, 422, "UNPROCESSABLE", "Idempotency-Key", ask(t, s, "create-order", other))
		}
		requireStock(t, 9, s, "tux")
		requireStock(t, 10, s, "fox")
	},
	"a refusal is not remembered": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 0)
		r := orderOf("tux")
		r.key = "k"
		requireError(t, 409, "OUT_OF_STOCK", "tux", ask(t, s, "create-order", r))
		mustPut(t, s, "tux", 2)
		first := mustOrder(t, s, r)
		require.Equal(t, first, mustOrder(t, s, r))
		requireStock(t, 1, s, "tux")
	},
	"ten at the same time are one": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 100)
		r := orderOf("tux")
		r.key = "k"
		ids := make([]int64, 10)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() { ids[i] = mustOrder(t, s.another(), r) })
		}
		all.Wait()
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}
		requireStock(t, 99, s, "tux")
		require.Len(t, mustListOrders(t, s, 1000), 1)
	},
}

var getOrders = map[string]test{
	"200, with images and products": func(t *testing.T, s *process) {
		require.Equal(t, 200, ask(t, s, "create-product", request{body: odyssey}).Status)
		id := mustOrder(t, s, request{body: `{"order_details":[{"product_id":"the_odyssey","price":5,"quantity":1},{"price":"1.1","quantity":2,"product_id":"the_odyssey"}]}`})
		now := strings.Replace(odyssey, `"in_stock":10`, `"in_stock":7`, 1)
		requireAnswer(t, 200, fmt.Sprintf(`{"id":%d,"order_details":[
			{"id":1,"product_id":"the_odyssey","quantity":1,"price":"5.00","image":"http://www.example.com/airship/images/the_odyssey.jpg","product":%s},
			{"id":2,"product_id":"the_odyssey","quantity":2,"price":"1.10","image":"http://www.example.com/airship/images/the_odyssey.jpg","product":%s}]}`, id, now, now),
			ask(t, s.another(), "order", request{id: fmt.Sprint(id)}))
	},
	"an image root of one's own": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 1)
		id := mustOrder(t, s, orderOf("tux"))
		s.ImageRoot = "https://cdn.example.com/i"
		require.Contains(t, string(ask(t, s, "order", request{id: fmt.Sprint(id)}).Body), `"image":"https://cdn.example.com/i/tux.jpg"`)
	},
	"a product that was deleted since is null, and the order stays": func(t *testing.T, s *process) {
		require.Equal(t, 200, ask(t, s, "create-product", request{body: odyssey}).Status)
		mustPut(t, s, "tux", 1)
		id := mustOrder(t, s, orderOf("tux", "the_odyssey"))
		require.Equal(t, 204, ask(t, s, "delete-product", request{id: "tux"}).Status)
		var got struct {
			Lines []struct {
				Product json.RawMessage `json:"product"`
			} `json:"order_details"`
		}
		mustDecode(t, ask(t, s, "order", request{id: fmt.Sprint(id)}), &got)
		require.JSONEq(t, "null", string(got.Lines[0].Product))
		require.JSONEq(t, strings.Replace(odyssey, `"in_stock":10`, `"in_stock":9`, 1), string(got.Lines[1].Product))
		require.Len(t, mustListOrders(t, s, 10), 1)
	},
	"products as they are now": func(t *testing.T, s *process) {
		mustPut(t, s, "the_odyssey", 1)
		id := mustOrder(t, s, orderOf("the_odyssey"))
		require.Equal(t, 200, ask(t, s.another(), "create-product", request{body: odyssey}).Status)
		require.Contains(t, string(ask(t, s, "order", request{id: fmt.Sprint(id)}).Body), `"product":`+odyssey)
	},
	"404": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 1)
		id := mustOrder(t, s, orderOf("tux"))
		for _, text := range []string{
			"0", "001", "-1", "9223372036854775808", "9007199254740992", "1", "", "x", "1.0", "1e3", "+1", " 1", "٣", "9007199254740991", "orders",
			"0" + fmt.Sprint(id), fmt.Sprint(id + 1), fmt.Sprint(id - 1), strings.Repeat("9", 400),
		} {
			requireAnswer(t, 404, `{"error":"ORDER_NOT_FOUND","message":"Order with id `+text+` not found"}`, ask(t, s, "order", request{id: text}))
		}
		require.Equal(t, 404, ask(t, s, "order", request{id: "\xff"}).Status)
	},
	"ids of any characters": func(t *testing.T, s *process) {
		for _, id := range anyIDs {
			mustPut(t, s, id, 1)
		}
		for i, line := range mustGet(t, s, mustOrder(t, s, orderOf(anyIDs...))).Lines {
			require.Equal(t, anyIDs[i], line.Product)
			require.Equal(t, i+1, line.ID)
			requireStock(t, 0, s, anyIDs[i])
		}
	},
}
