package smoke_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/wasmclient/shop"
	"lockstep/wasmclient/shop/overhttp"
	"lockstep/wasmclient/shop/shoptest"
	"lockstep/wasmclient/shop/smoke"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run walks through a shop, and returns what was told.
func run(ctx context.Context, t *testing.T, s *shoptest.Shop) (told []string, err error) {
	t.Helper()
	client := overhttp.New(s.URL)
	defer func() { require.NoError(t, client.Close()) }()
	err = smoke.Run(ctx, client, func(number int, step, note string) {
		require.Equal(t, len(told)+1, number)
		told = append(told, step+": "+note)
	})
	return told, err
}

func TestAShopThatWorks(t *testing.T) {
	t.Parallel()
	s := shoptest.Open(t)
	for n := range 2 {
		told, err := run(t.Context(), t, s)
		require.NoError(t, err)
		require.Len(t, told, smoke.Steps())
		require.Contains(t, told, "see that the stock has fallen: 10 - 3 = 7")
		require.Contains(t, told, "find the product in the list: entry 1")
		require.Contains(t, told, fmt.Sprintf("find the order in the list: entry %d", n+1))
		products, orders := s.Has()
		require.Zero(t, products, "it cleans up")
		require.Equal(t, n+1, orders, "each run makes an order of its own")
	}
}

// altered has a shop say something else where it is asked so.
func altered(s *shoptest.Shop, request string, alter func(status int, body string) (int, string)) {
	behind := s.Handler()
	s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.Method+" "+r.URL.Path, request) {
			return false
		}
		said := httptest.NewRecorder()
		behind.ServeHTTP(said, r)
		status, body := alter(said.Code, said.Body.String())
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	})
}

func replaced(old, by string) func(int, string) (int, string) {
	return func(status int, body string) (int, string) { return status, strings.ReplaceAll(body, old, by) }
}

// Each way to be wrong ends the walk at the step that sees it, and leaves no product.
func TestAShopThatDoesNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request string
		alter   func(int, string) (int, string)
		says    string
	}{
		"nothing is created":        {"POST /products", func(int, string) (int, string) { return 500, "" }, "step 1 of 10, create a product"},
		"another product":           {"GET /products/", replaced(`"maximum_speed":50`, `"maximum_speed":51`), "step 2 of 10, get the product: the product should be"},
		"no order":                  {"POST /orders", func(int, string) (int, string) { return 500, "" }, "step 3 of 10, order the product"},
		"another price":             {"GET /orders/", replaced(`100000.99`, `100001.00`), "step 4 of 10, get the order: its line should be"},
		"another quantity":          {"GET /orders/", replaced(`"quantity":3`, `"quantity":4`), "step 4 of 10"},
		"no image":                  {"GET /orders/", replaced(`"image":"http`, `"picture":"http`), "step 4 of 10, get the order: its line has no image"},
		"an order without products": {"GET /orders/", replaced(`"product":{`, `"produce":{`), "step 4 of 10, get the order: its line has no product, which there is"},
		"stock that does not fall":  {"GET /products/", replaced(`"in_stock":7`, `"in_stock":10`), "step 5 of 10, see that the stock has fallen: the product should be"},
		"a stale order":             {"GET /orders/", replaced(`"in_stock":7`, `"in_stock":10`), "step 4 of 10, get the order: its product should be"},
		"no product listed":         {"GET /products", listedEmpty, "step 6 of 10, find the product in the list: it is not in the list"},
		"a stale list":              {"GET /products", listedStale, "step 6 of 10, find the product in the list: the product should be"},
		"no order listed":           {"GET /orders", listedEmpty, "step 7 of 10, find the order in the list: it is not in the list"},
		"a wrong order listed":      {"GET /orders", listedPrice, "step 7 of 10, find the order in the list: its line should be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shoptest.Open(t)
			altered(s, c.request, c.alter)
			_, err := run(t.Context(), t, s)
			require.ErrorContains(t, err, c.says)
			products, _ := s.Has()
			require.Zero(t, products, "it cleans up")
		})
	}
}

// What lists say begins with a bracket, and the other answers with a brace.
func listed(body string) bool { return strings.HasPrefix(body, "[") }

func listedEmpty(status int, body string) (int, string) {
	if listed(body) {
		return status, "[]"
	}
	return status, body
}

func listedStale(status int, body string) (int, string) {
	if listed(body) {
		body = strings.ReplaceAll(body, `"in_stock":7`, `"in_stock":10`)
	}
	return status, body
}

func listedPrice(status int, body string) (int, string) {
	if listed(body) {
		body = strings.ReplaceAll(body, "100000.99", "1.00")
	}
	return status, body
}

// What shows only once the product is deleted, or is not.
func TestAfterTheDeletion(t *testing.T) {
	t.Parallel()
	for says, spoil := range map[string]func(s *shoptest.Shop){
		"step 8 of 10, delete the product": func(s *shoptest.Shop) {
			once := true
			s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodDelete || !once {
					return false
				}
				once = false
				w.WriteHeader(http.StatusInternalServerError)
				return true
			})
		},
		"step 9 of 10, see that the product is gone: product 0-smoke-": func(s *shoptest.Shop) { // deletes nothing
			s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodDelete {
					w.WriteHeader(http.StatusNoContent)
				}
				return r.Method == http.MethodDelete
			})
		},
		"step 10 of 10, read the order without the product: its line has a product": func(s *shoptest.Shop) {
			altered(s, "GET /orders/", replaced(`"product":null`, `"product":{"id":"a"}`))
		},
	} {
		s := shoptest.Open(t)
		spoil(s)
		_, err := run(t.Context(), t, s)
		require.ErrorContains(t, err, says)
		if !strings.Contains(says, "step 9") {
			products, _ := s.Has()
			require.Zero(t, products, "it cleans up")
		}
	}
}

// Also when there is no more time, or the creation is in doubt.
func TestItCleansUpAfterAll(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	s := shoptest.Open(t)
	s.Spoil(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/orders" {
			cancel()
		}
		return false
	})
	_, err := run(ctx, t, s)
	require.ErrorContains(t, err, "context canceled")
	products, _ := s.Has()
	require.Zero(t, products)

	s = shoptest.Open(t)
	behind := s.Handler()
	s.Spoil(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			behind.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		return false
	})
	_, err = run(t.Context(), t, s)
	require.ErrorContains(t, err, "the answer is lost")
	products, _ = s.Has()
	require.Zero(t, products)

	s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusInternalServerError)
		}
		return r.Method != http.MethodPost
	})
	_, err = run(t.Context(), t, s)
	require.ErrorContains(t, err, "may still be there", "what is left is named")
}

// endless is a shop with more orders than anybody wants to look through.
type endless struct {
	shop.Client
	pages int
}

func (e *endless) Orders(context.Context, shop.Page) (shop.Listed[shop.Order], error) {
	e.pages++
	return shop.Listed[shop.Order]{Entries: make([]shop.Order, 3), Next: &shop.Page{Cursor: fmt.Sprint(e.pages)}}, nil
}

func TestAListThatIsTooLong(t *testing.T) {
	t.Parallel()
	e := &endless{Client: overhttp.New(shoptest.Open(t).URL)}
	defer func() { require.NoError(t, e.Close()) }()
	var told bytes.Buffer
	require.NoError(t, smoke.Run(t.Context(), e, func(_ int, step, note string) { fmt.Fprintln(&told, step, note) }))
	require.Contains(t, told.String(), "find the order in the list not among the first 300 entries; not looked further")
	require.Equal(t, smoke.MaxPages, e.pages)
}
