package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore"
)

func sold(left int64) string       { return fmt.Sprintf(`{"result":"bought","stock":%d}`, left) }
func outOfStock(left int64) string { return fmt.Sprintf(`{"result":"out_of_stock","stock":%d}`, left) }

var buys = map[string]test{
	"200, one by one until there is none": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 3)
		for left := int64(2); left >= 0; left-- {
			requireAnswer(t, 200, sold(left), ask(t, s, "buy", request{name: "Tux"}))
		}
		requireAnswer(t, 409, outOfStock(0), ask(t, s, "buy", request{name: "Tux"}))
		requireStock(t, 0, s, "Tux")
	},
	"200, several, or 409 and nothing": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 12)
		requireAnswer(t, 200, sold(7), ask(t, s, "buy", request{name: "Tux", body: `{"quantity":5}`}))
		requireAnswer(t, 409, outOfStock(7), ask(t, s, "buy", request{name: "Tux", body: `{"quantity":8}`}))
		requireAnswer(t, 200, sold(0), ask(t, s, "buy", request{name: "Tux", body: `{"quantity":7}`}))
	},
	"the body is optional": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 4)
		for i, body := range []string{"", "{}", `{"quantity":null}`, " \n"} {
			requireAnswer(t, 200, sold(int64(3-i)), ask(t, s, "buy", request{name: "Tux", body: body}))
		}
	},
	"as much as one may": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, toystore.MaxStock)
		requireAnswer(t, 200, sold(toystore.MaxStock-1e6), ask(t, s, "buy", request{name: "Tux", body: `{"quantity":1000000}`}))
	},
	"404, no such toy": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 3)
		for _, key := range []string{"", "k"} {
			requireAnswer(t, 404, `{"error":"there is no toy 'Yeti'"}`, ask(t, s, "buy", request{name: "Yeti", key: key}))
		}
		requireStock(t, 3, s, "Tux")
	},
}

var keys = map[string]test{
	"a key buys once, and answers the same": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 10)
		requireAnswer(t, 200, sold(8), ask(t, s, "buy", request{name: "Tux", key: "k", body: `{"quantity":2}`}))
		requireAnswer(t, 200, sold(7), ask(t, s, "buy", request{name: "Tux", key: "other"}))
		requireAnswer(t, 200, sold(6), ask(t, s, "buy", request{name: "Tux"}))
		for range 3 {
			requireAnswer(t, 200, sold(8), ask(t, s.another(), "buy", request{name: "Tux", key: "k", body: `{"quantity":2}`}))
		}
		requireStock(t, 6, s, "Tux")
	},
	"also once there is none left": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 1)
		for range 2 {
			requireAnswer(t, 200, sold(0), ask(t, s, "buy", request{name: "Tux", key: "k"}))
		}
		requireAnswer(t, 409, outOfStock(0), ask(t, s, "buy", request{name: "Tux", key: "late"}))
	},
	"422 for something else": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 10)
		mustPut(t, s, "Fox", 999, 10)
		requireAnswer(t, 200, sold(9), ask(t, s, "buy", request{name: "Tux", key: "k"}))
		for _, other := range []request{{name: "Fox", key: "k"}, {name: "Tux", key: "k", body: `{"quantity":2}`}} {
			requireAnswer(t, 422, `{"error":"the idempotency key has bought something else","field":"Idempotency-Key"}`, ask(t, s, "buy", other))
		}
		requireStock(t, 9, s, "Tux")
		requireStock(t, 10, s, "Fox")
	},
	"a refusal is not remembered": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 1)
		two := request{name: "Tux", key: "k", body: `{"quantity":2}`}
		requireAnswer(t, 409, outOfStock(1), ask(t, s, "buy", two))
		mustPut(t, s, "Tux", 2599, 3)
		requireAnswer(t, 200, sold(1), ask(t, s, "buy", two))
		requireAnswer(t, 200, sold(1), ask(t, s, "buy", two))
	},
	"twenty at the same time": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 100)
		answers := make([]string, 20)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				answers[i] = string(ask(t, s.another(), "buy", request{name: "Tux", key: "k"}).Body)
			})
			all.Go(func() { ask(t, s, "buy", request{name: "Tux"}) })
		}
		all.Wait()
		requireStock(t, 79, s, "Tux")
		for _, a := range answers {
			require.Equal(t, answers[0], a)
		}
		var first struct{ Stock int64 }
		mustDecode(t, answers[0], &first)
		require.LessOrEqual(t, first.Stock, int64(99), "no older than the sale")
		require.GreaterOrEqual(t, first.Stock, int64(79))
	},
}

// crowds buy all at once, in two processes.
var crowds = map[string]test{
	"without keys": func(t *testing.T, s *shop) { crowd(t, s, func(int) string { return "" }) },
	"with keys":    func(t *testing.T, s *shop) { crowd(t, s, func(i int) string { return fmt.Sprint("key ", i) }) },
	"some with one": func(t *testing.T, s *shop) {
		crowd(t, s, func(i int) string { return []string{"", fmt.Sprint(i)}[i%2] })
	},
}

func crowd(t *testing.T, s *shop, key func(int) string) {
	t.Helper()
	const stock, buyers = 20, 32
	mustPut(t, s, "Tux", 2599, stock)
	var bought atomic.Int64
	var all sync.WaitGroup
	processes := []*shop{s, s.another()}
	for i := range buyers {
		all.Go(func() {
			sale, err := processes[i%2].Buy(t.Context(), toystore.Purchase{Toy: "Tux", Quantity: 1, Key: key(i)})
			if err == nil && sale.Result == toystore.Bought {
				bought.Add(1)
			}
			if err != nil {
				t.Errorf("buyer %d: %v", i, err)
			}
		})
	}
	all.Wait()
	require.Equal(t, int64(stock), bought.Load())
	requireStock(t, 0, s, "Tux")
}
