//go:build !js

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/shop/shoptest"
)

func TestShopUsage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args string
		code int
		says string // on stdout for code 0, else on stderr
	}{
		"help":                       {"--help", 0, "shop order export"},
		"the default url":            {"product get --help", 0, "http://127.0.0.1:8085"},
		"exit codes":                 {"order add --help", 0, "3 out of stock; 4"},
		"the default users":          {"perf --help", 0, "--users=10"},
		"the default duration":       {"perf --help", 0, "--duration=60s"},
		"orders can't be deleted":    {"smoke --help", 0, "orders can't be deleted"},
		"no product":                 {"product get", exitUsage, "id"},
		"an id with a slash":         {"product get a/b", exitUsage, "slash"},
		"an id that is a folder":     {"product rm ..", exitUsage, "folder"},
		"no title":                   {"product add a --passenger-capacity 1 --maximum-speed 1 --in-stock 1", exitUsage, "a title must have 1"},
		"no stock":                   {"product add a --title t --passenger-capacity 1 --maximum-speed 1", exitUsage, "--in-stock"},
		"less than no stock":         {"product add a --title t --passenger-capacity 1 --maximum-speed 1 --in-stock=-1", exitUsage, "stock must be"},
		"a fraction":                 {"product add a --title t --passenger-capacity 1.5 --maximum-speed 1 --in-stock 1", exitUsage, "1.5"},
		"neither line nor file":      {"order add", exitUsage, "--line or --file"},
		"line and file":              {"order add --line a:1:1 --file shop.go", exitUsage, "--line or --file"},
		"a line without a price":     {"order add --line a:1", exitUsage, "PRODUCT:QUANTITY:PRICE"},
		"a line without a product":   {"order add --line :1:1", exitUsage, "empty"},
		"no quantity":                {"order add --line a:b:1", exitUsage, `"b" is no quantity`},
		"a quantity of none":         {"order add --line a:0:1", exitUsage, "a quantity is 1"},
		"a negative price":           {"order add --line a:1:-1", exitUsage, `"-1" is no price`},
		"NaN":                        {"order add --line a:1:NaN", exitUsage, `"NaN" is no price`},
		"a file that is not there":   {"order add --file /nonexistent/order.json", exitUsage, "/nonexistent/order.json"},
		"a file that is no order":    {"order add --file shop.go", exitUsage, "shop.go: invalid"},
		"an order's id that is none": {"order get x", exitUsage, "id"},
		"an order's id of 0":         {"order get 0", exitUsage, "2^53-1"},
		"less than no orders":        {"order ls --limit=-1", exitUsage, "--limit"},
		"no time":                    {"order ls --timeout 0s", exitUsage, "--timeout"},
		"no time to export":          {"order export --timeout 0s", exitUsage, "--timeout"},
		"a bad url":                  {"smoke --url localhost", exitUsage, `url "localhost"`},
		"no users":                   {"perf --users 0", exitUsage, "users"},
		"no duration":                {"perf --duration 1ms", exitUsage, "duration"},
		"a page that can't be":       {"perf --url http://127.0.0.1:1 --html /nonexistent/x.html", exitFailed, "/nonexistent/x.html"},
		"no server":                  {"product ls --url http://127.0.0.1:1", exitFailed, "can't be reached"},
		"no server to order at":      {"order add --line a:1:1 --url http://127.0.0.1:1", exitFailed, "can't be reached"},
		"no server to export":        {"order export --url http://127.0.0.1:1", exitFailed, "can't be reached"},
		"no server to walk through":  {"smoke --url http://127.0.0.1:1", exitFailed, "step 1 of 10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := commandLine(t.Context(), strings.Split("shop "+c.args, " ")...)
			require.Equal(t, c.code, code, "%s%s", out, errs)
			if c.code == 0 {
				require.Contains(t, strings.Join(strings.Fields(out), " "), c.says)
			} else {
				require.Contains(t, errs, c.says)
			}
		})
	}
}

// at runs a command of lockstep shop.
func at(t *testing.T, s *shoptest.Shop, args ...string) (code int, out, errs string) {
	t.Helper()
	return commandLine(t.Context(), append(append([]string{"shop"}, args...), "--url", s.URL)...)
}

// does is at for what goes well.
func does(t *testing.T, s *shoptest.Shop, args ...string) (out string) {
	t.Helper()
	code, out, errs := at(t, s, args...)
	require.Zero(t, code, errs)
	require.Empty(t, errs)
	return out
}

// stocked is a shop with two products.
func stocked(t *testing.T) *shoptest.Shop {
	t.Helper()
	s := shoptest.Open(t)
	for _, id := range []string{"airship", "a:b"} {
		require.Equal(t, "created product "+id+"\n",
			does(t, s, "product", "add", id, "--title", "The "+id, "--passenger-capacity", "10", "--maximum-speed", "50", "--in-stock", "5"))
	}
	return s
}

func TestShopProducts(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	require.Equal(t, "ID       TITLE        PASSENGERS  SPEED  STOCK\na:b      The a:b      10          50     5\nairship  The airship  10          50     5\n",
		does(t, s, "product", "ls"))
	require.Contains(t, does(t, s, "product", "get", "airship"), "The airship")
	airship := `{"id": "airship", "title": "The airship", "passenger_capacity": 10, "maximum_speed": 50, "in_stock": 5}`
	require.JSONEq(t, airship, does(t, s, "product", "get", "airship", "--json"))
	require.Equal(t, "deleted product a:b\n", does(t, s, "product", "rm", "a:b"))
	require.JSONEq(t, "["+airship+"]", does(t, s, "product", "ls", "--json"))
	for _, command := range []string{"get", "rm"} {
		code, out, errs := at(t, s, "product", command, "a:b")
		require.Equal(t, exitNotFound, code)
		require.Empty(t, out)
		require.Contains(t, errs, "Product ID a:b does not exist")
	}
	require.JSONEq(t, airship, does(t, s, "product", "add", "airship", "--json", "--title", "The airship", "--passenger-capacity", "10", "--maximum-speed", "50", "--in-stock", "5"))
	does(t, s, "product", "rm", "airship")
	require.Equal(t, "[]\n", does(t, s, "product", "ls", "--json"), "never null")
}

func TestShopOrders(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	require.Equal(t, "created order 1000\n", does(t, s, "order", "add", "--line", "airship:2:100000.99", "--line", "a:b:1:5"))
	file := filepath.Join(t.TempDir(), "order.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"order_details": [{"product_id": "airship", "quantity": 1, "price": 7.25}]}`), 0o600))
	require.JSONEq(t, `{"id": 1001, "idempotency_key": "k"}`, does(t, s, "order", "add", "--file", file, "--idempotency-key", "k", "--json"))
	require.Equal(t, "created order 1001\n", does(t, s, "order", "add", "--file", file, "--idempotency-key", "k"), "it is the same")
	does(t, s, "product", "rm", "a:b")
	require.Equal(t, "LINE  PRODUCT  QUANTITY  PRICE      TITLE        STOCK\n1     airship  2         100000.99  The airship  2\n2     a:b      1         5.00       (deleted)    -\n",
		does(t, s, "order", "get", "1000"))
	require.JSONEq(t, `{"id": 1001, "order_details": [{"id": 1, "product_id": "airship", "quantity": 1, "price": "7.25",
		"image": "http://www.example.com/airship/images/airship.jpg",
		"product": {"id": "airship", "title": "The airship", "passenger_capacity": 10, "maximum_speed": 50, "in_stock": 2}}]}`,
		does(t, s, "order", "get", "1001", "--json"))
	require.Contains(t, does(t, s, "order", "get", "1000", "--json"), `"product": null`)
	require.Equal(t, "ORDER  LINE  PRODUCT  QUANTITY  PRICE\n1000   1     airship  2         100000.99\n1000   2     a:b      1         5.00\n1001   1     airship  1         7.25\n",
		does(t, s, "order", "ls"))
	first := `{"id":1000,"order_details":[{"id":1,"product_id":"airship","quantity":2,"price":"100000.99"},{"id":2,"product_id":"a:b","quantity":1,"price":"5.00"}]}`
	require.JSONEq(t, "["+first+"]", does(t, s, "order", "ls", "--json", "--limit", "1"))
	require.Equal(t, first+"\n"+`{"id":1001,"order_details":[{"id":1,"product_id":"airship","quantity":1,"price":"7.25"}]}`+"\n", does(t, s, "order", "export"))

	for args, want := range map[string]struct {
		code int
		says string
	}{
		"order add --line airship:3:1":    {exitOutOfStock, "asked for 3, available 2"},
		"order add --line zeppelin:3:1":   {exitNotFound, "Product Id zeppelin"},
		"order get 1":                     {exitNotFound, "Order with id 1 not found"},
		"order add --file shop_client.go": {exitUsage, "shop_client.go"},
	} {
		code, out, errs := at(t, s, strings.Fields(args)...)
		require.Equal(t, want.code, code, args)
		require.Contains(t, errs, want.says)
		require.Empty(t, out)
	}
	for text, says := range map[string]string{
		`{"order_details": [{"product": "airship"}]}`: "unknown field", `{"order_details": []}`: "lines, not 0", `{} {}`: "more after",
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		code, _, errs := at(t, s, "order", "add", "--file", file)
		require.Equal(t, exitUsage, code)
		require.Contains(t, errs, says)
	}
}

func TestShopListsFollowTheirPages(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	for range 3 {
		does(t, s, "order", "add", "--line", "airship:1:1")
	}
	s.Spoil(func(_ http.ResponseWriter, r *http.Request) bool { // pages of the server's own size
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "limit=1000", "limit=2", 1)
		return false
	})
	var orders []any
	require.NoError(t, json.Unmarshal([]byte(does(t, s, "order", "ls", "--limit", "0", "--json")), &orders))
	require.Len(t, orders, 3)
	require.Contains(t, s.Requests(), "GET /orders?cursor=2&limit=2")
}

func TestALostAnswerToAnOrder(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	s.Lose(http.MethodPost, 1)
	require.Equal(t, "created order 1000\n", does(t, s, "order", "add", "--line", "airship:1:1"))
	keys := s.Keys()
	require.GreaterOrEqual(t, len(keys), 2, "repeated")
	for _, key := range keys {
		require.NotEmpty(t, key)
		require.Equal(t, keys[0], key, "with the same key")
	}
	s.Spoil(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusInternalServerError)
		return true
	})
	code, _, errs := at(t, s, "order", "add", "--line", "airship:1:1")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "it may have been placed all the same: the same with --idempotency-key "+s.Keys()[len(keys)]+" places it once")
	code, _, errs = at(t, s, "product", "add", "a", "--title", "t", "--passenger-capacity", "1", "--maximum-speed", "1", "--in-stock", "1")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "it may have been created all the same")
}

func TestAnExportThatBreaksOffSaysSo(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	s.Spoil(func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = io.WriteString(w, `{"id": 7, "order_details": []}`+"\n")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	code, out, errs := at(t, s, "order", "export")
	require.Equal(t, exitFailed, code)
	require.Equal(t, 1, strings.Count(out, "\n"))
	require.Contains(t, errs, "these are the first 1 orders, not all")
}

func TestShopSmoke(t *testing.T) {
	t.Parallel()
	s := shoptest.Open(t)
	out := does(t, s, "smoke")
	require.Equal(t, 10, strings.Count(out, "  ok  "))
	require.Contains(t, out, " 5/10  ok  see that the stock has fallen (10 - 3 = 7)\n")
	require.Contains(t, does(t, s, "smoke", "--json"), `"ok": true`)

	s.Spoil(func(w http.ResponseWriter, r *http.Request) bool { // a cache that is not told
		if r.Method == http.MethodPost && r.URL.Path == "/orders" {
			_, _ = io.WriteString(w, `{"id": 1000}`)
			return true
		}
		return false
	})
	code, out, errs := at(t, s, "smoke")
	require.Equal(t, exitFailed, code)
	require.Equal(t, 3, strings.Count(out, "  ok  "), out)
	require.Contains(t, errs, "step 4 of 10, get the order")
	code, out, _ = at(t, s, "smoke", "--json")
	require.Equal(t, exitFailed, code)
	var said walked
	require.NoError(t, json.Unmarshal([]byte(out), &said))
	require.False(t, said.OK)
	require.Len(t, said.Steps, 3)
	require.Contains(t, said.Error, "step 4 of 10")
	products, _ := s.Has()
	require.Zero(t, products, "it cleans up")
}

func TestShopPerf(t *testing.T) {
	t.Parallel()
	s := shoptest.Open(t)
	page := filepath.Join(t.TempDir(), "perf.html")
	out := does(t, s, "perf", "--users", "2", "--duration", "1s", "--html", page)
	for _, label := range []string{"products-create", "product-get", "orders-create", "order-get", "list-orders", "product-delete"} {
		require.Contains(t, out, label)
	}
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(html), s.URL)
	products, orders := s.Has()
	require.Zero(t, products, "it cleans up")
	require.NotZero(t, orders)

	s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			answer(w, http.StatusTooManyRequests, map[string]string{"message": "slow down"})
		}
		return r.Method == http.MethodPost
	})
	code, out, errs := at(t, s, "perf", "--users", "2", "--duration", "1s", "--json")
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "2 of 2 requests failed")
	require.Contains(t, out, "429: slow down")
}

// Of a stack with Access=Iam, everything is signed: the export for its Function URL.
func TestShopSign(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	s := shoptest.Open(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service := "/eu-west-1/execute-api/"
		if r.URL.Path == "/orders/export" {
			service = "/eu-west-1/lambda/"
		}
		given := r.Header.Get("Authorization")
		if !strings.HasPrefix(given, "AWS4-HMAC-SHA256 Credential=key/") || !strings.Contains(given, service) {
			answer(w, 403, map[string]string{"message": "Missing Authentication Token"})
			return
		}
		s.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	for _, args := range []string{
		"product add airship --title t --passenger-capacity 1 --maximum-speed 1 --in-stock 9", "product get airship", "product ls", "order add --line airship:1:1",
		"order ls", "order get 1000", "order export", "product rm airship", "smoke", "perf --users 1 --duration 1s",
	} {
		args := append([]string{"shop"}, append(strings.Fields(args), "--url", server.URL)...)
		code, _, errs := commandLine(t.Context(), args...)
		require.Equal(t, exitFailed, code, "not signed")
		require.Regexp(t, `403: Missing|requests failed`, errs)
		code, _, errs = commandLine(t.Context(), append(args, "--sign")...)
		require.Zero(t, code, errs)
	}
}
