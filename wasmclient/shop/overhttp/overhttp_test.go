package overhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/wasmclient/shop"
	"lockstep/wasmclient/shop/overhttp"
	"lockstep/wasmclient/shop/shoptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dial(t *testing.T, handler http.HandlerFunc, wraps ...overhttp.Wrap) *overhttp.Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return at(t, s.URL, wraps...)
}

func at(t *testing.T, url string, wraps ...overhttp.Wrap) *overhttp.Client {
	t.Helper()
	c := overhttp.New(url, wraps...)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func saying(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

var (
	airship = shop.Product{ID: "the airship", Title: "Airship", Capacity: 10, Speed: 50, Stock: 5}
	line    = shop.Line{Product: "the airship", Quantity: 2, Price: "100000.99"}
)

func TestRequests(t *testing.T) {
	t.Parallel()
	for want, call := range map[string]func(context.Context, *overhttp.Client){
		`POST /products  {"id":"the airship","title":"Airship","passenger_capacity":10,"maximum_speed":50,"in_stock":5}`: func(ctx context.Context, c *overhttp.Client) {
			_ = c.CreateProduct(ctx, airship)
		},
		"GET /products/a%20%25%3F%C3%BC  ": func(ctx context.Context, c *overhttp.Client) { _, _ = c.Product(ctx, "a %?ü") },
		"DELETE /products/a  ":             func(ctx context.Context, c *overhttp.Client) { _ = c.DeleteProduct(ctx, "a") },
		"GET /products  ":                  func(ctx context.Context, c *overhttp.Client) { _, _ = c.Products(ctx, shop.Page{}) },
		"GET /orders?cursor=a%26b&limit=7  ": func(ctx context.Context, c *overhttp.Client) {
			_, _ = c.Orders(ctx, shop.Page{Limit: 7, Cursor: "a&b"})
		},
		"GET /orders/123  ":    func(ctx context.Context, c *overhttp.Client) { _, _ = c.Order(ctx, 123) },
		"GET /orders/export  ": func(ctx context.Context, c *overhttp.Client) { _ = c.Export(ctx, nil) },
		`POST /orders key {"order_details":[{"product_id":"the airship","quantity":2,"price":"100000.99"}]}`: func(ctx context.Context, c *overhttp.Client) {
			_, _ = c.CreateOrder(ctx, []shop.Line{line}, "key")
		},
	} {
		got := ""
		call(t.Context(), dial(t, func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = fmt.Sprintf("%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("Idempotency-Key"), body)
		}))
		require.Equal(t, want, got)
	}
}

func TestProducts(t *testing.T) {
	t.Parallel()
	c := at(t, shoptest.Open(t).URL)
	require.NoError(t, c.CreateProduct(t.Context(), airship))
	got, err := c.Product(t.Context(), airship.ID)
	require.NoError(t, err)
	require.Equal(t, airship, got)
	listed, err := c.Products(t.Context(), shop.Page{})
	require.NoError(t, err)
	require.Equal(t, shop.Listed[shop.Product]{Entries: []shop.Product{airship}}, listed)
	require.NoError(t, c.DeleteProduct(t.Context(), airship.ID))
	_, err = c.Product(t.Context(), airship.ID)
	require.Equal(t, shop.ProductNotFound, shop.CodeOf(err))
	require.ErrorContains(t, err, "404: Product ID the airship does not exist")
	require.NotContains(t, err.Error(), "is this a shop's address?")
	require.Equal(t, shop.ProductNotFound, shop.CodeOf(c.DeleteProduct(t.Context(), airship.ID)))
}

func TestOrders(t *testing.T) {
	t.Parallel()
	c := at(t, shoptest.Open(t).URL)
	require.NoError(t, c.CreateProduct(t.Context(), airship))
	id, err := c.CreateOrder(t.Context(), []shop.Line{line}, "k")
	require.NoError(t, err)
	again, err := c.CreateOrder(t.Context(), []shop.Line{line}, "k")
	require.NoError(t, err)
	require.Equal(t, id, again)

	placed := shop.Placed{ID: 1, Line: line}
	left := airship
	left.Stock = 3
	want := shop.Details{ID: id, Lines: []shop.Shown{{Placed: placed, Image: "http://www.example.com/airship/images/the airship.jpg", Now: &left}}}
	got, err := c.Order(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, want, got)

	require.NoError(t, c.DeleteProduct(t.Context(), airship.ID))
	want.Lines[0].Now = nil
	got, err = c.Order(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, want, got)

	_, err = c.Order(t.Context(), 1)
	require.Equal(t, shop.OrderNotFound, shop.CodeOf(err))
	_, err = c.CreateOrder(t.Context(), []shop.Line{line}, "")
	require.Equal(t, shop.ProductNotFound, shop.CodeOf(err))
	require.NoError(t, c.CreateProduct(t.Context(), airship))
	_, err = c.CreateOrder(t.Context(), []shop.Line{line, line, line}, "")
	require.Equal(t, shop.OutOfStock, shop.CodeOf(err))
	require.ErrorContains(t, err, "asked for 2")

	listed, err := c.Orders(t.Context(), shop.Page{})
	require.NoError(t, err)
	require.Equal(t, []shop.Order{{ID: id, Lines: []shop.Placed{placed}}}, listed.Entries)
	var exported []shop.Order
	require.NoError(t, c.Export(t.Context(), func(o shop.Order) error { exported = append(exported, o); return nil }))
	require.Equal(t, listed.Entries, exported)
	enough := errors.New("enough")
	require.ErrorIs(t, c.Export(t.Context(), func(shop.Order) error { return enough }), enough)
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := shoptest.Open(t)
	c := at(t, s.URL)
	for i := range 5 {
		p := airship
		p.ID = fmt.Sprint(i)
		require.NoError(t, c.CreateProduct(t.Context(), p))
	}
	var ids string
	for p, err := range shop.All(t.Context(), shop.Page{Limit: 2}, c.Products) {
		require.NoError(t, err)
		ids += p.ID
	}
	require.Equal(t, "01234", ids)
	require.Equal(t, []string{"GET /products?limit=2", "GET /products?cursor=2&limit=2", "GET /products?cursor=4&limit=2"}, s.Requests()[5:])
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]*shop.Page{
		``:                                   nil,
		`<?limit=2&cursor=a%3D>; rel="next"`: {Limit: 2, Cursor: "a="},
		`<?cursor=a>; rel="next"`:            {Cursor: "a"},
		`<?cursor=x>; rel="prev"`:            nil,
		`<?cursor=x>; rel="prev", <https://example.com/orders?cursor=y>;rel = "next"`: {Cursor: "y"},
		`<?cursor=a,b>; title="later"; rel="next", <?cursor=x>; rel="last"`:           {Cursor: "a,b"},
	} {
		listed, err := dial(t, saying(200, `[]`, "Link", link)).Orders(t.Context(), shop.Page{})
		require.NoError(t, err, link)
		require.Equal(t, want, listed.Next, link)
	}
	for _, link := range []string{`<?limit=2>; rel="next"`, `<?limit=x&cursor=a>; rel="next"`, `<:>; rel="next"`} {
		_, err := dial(t, saying(200, `[]`, "Link", link)).Orders(t.Context(), shop.Page{})
		require.ErrorContains(t, err, "what no shop does", link)
	}
}

// What an error says decides what is repeated, and what the buyer is told.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler          http.HandlerFunc
		code, says       string
		inDoubt, passing bool
		after            time.Duration
	}{
		"invalid":         {saying(400, `{"error": "VALIDATION_ERROR", "message": "order_details[0].price is missing"}`), shop.ValidationError, "400: order_details[0].price is missing", false, false, 0},
		"a gateway":       {saying(403, `{"message": "Missing Authentication Token"}`), "", "403: Missing Authentication Token", false, false, 0},
		"another service": {saying(404, `{"error": "NOT_FOUND", "message": "no such path"}`), "NOT_FOUND", "is this a shop's address?", false, false, 0},
		"no service":      {saying(404, `<html>`), "", "404: Not Found (is this a shop", false, false, 0},
		"the key is used": {saying(422, `{"error": "UNPROCESSABLE", "message": "another order"}`), "UNPROCESSABLE", "422: another order", false, false, 0},
		"too large":       {saying(413, `{"error": "PAYLOAD_TOO_LARGE"}`), "PAYLOAD_TOO_LARGE", "413: PAYLOAD_TOO_LARGE", false, false, 0},
		"throttled":       {saying(429, ``), "", "429: Too Many Requests", false, true, 0},
		"internal":        {saying(500, `{"error": "INTERNAL_ERROR", "message": "internal error"}`), "INTERNAL_ERROR", "500: internal error", true, false, 0},
		"upstream":        {saying(502, ``), "", "502", true, true, 0},
		"busy":            {saying(503, `{"error": "UNAVAILABLE", "message": "too many"}`, "Retry-After", "7"), "UNAVAILABLE", "503: too many", true, true, 7 * time.Second},
		"a gateway's end": {saying(504, ``), "", "504", true, true, 0},
		"a redirect":      {saying(302, ``, "Location", "/elsewhere"), "", "what no shop does: status 302", false, false, 0},
		"another success": {saying(201, `{"id": 1}`), "", "what no shop does: status 201", true, false, 0},
		"no JSON":         {saying(200, `hello`), "", "what no shop does", true, false, 0},
		"no id":           {saying(200, `{}`), "", "an order of the id 0", true, false, 0},
		"lost":            {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", "the answer is lost: EOF", true, true, 0},
		"cut off":         {saying(200, `{"i`, "Content-Length", "100"), "", "the answer is lost", true, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := dial(t, c.handler).CreateOrder(t.Context(), []shop.Line{line}, "") // with a key net/http repeats
			failed := new(shop.Error)
			require.ErrorAs(t, err, &failed)
			require.Equal(t, c.code, failed.Code)
			require.Contains(t, failed.Message, c.says)
			require.Equal(t, c.inDoubt, failed.InDoubt, "in doubt")
			require.Equal(t, c.passing, failed.Passing, "passing")
			require.Equal(t, c.after, failed.After)
		})
	}
}

// A shop that answers something else than it was asked for is wrong, not obliging.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		call func(*overhttp.Client) error
	}{
		"another product": {`{"id": "b"}`, func(c *overhttp.Client) error { _, err := c.Product(t.Context(), "a"); return err }},
		"another created": {`{"id": "b"}`, func(c *overhttp.Client) error { return c.CreateProduct(t.Context(), airship) }},
		"a body for none": {``, func(c *overhttp.Client) error { return c.DeleteProduct(t.Context(), "a") }},
		"another order":   {`{"id": 2, "order_details": [{}]}`, func(c *overhttp.Client) error { _, err := c.Order(t.Context(), 1); return err }},
		"an empty order":  {`{"id": 1, "order_details": []}`, func(c *overhttp.Client) error { _, err := c.Order(t.Context(), 1); return err }},
		"no list":         {`null`, func(c *overhttp.Client) error { _, err := c.Orders(t.Context(), shop.Page{}); return err }},
		"an object":       {`{"message": "No orders found"}`, func(c *overhttp.Client) error { _, err := c.Orders(t.Context(), shop.Page{}); return err }},
		"no line":         {`[]`, func(c *overhttp.Client) error { return c.Export(t.Context(), nil) }},
		"a null line":     {`null`, func(c *overhttp.Client) error { return c.Export(t.Context(), nil) }},
	} {
		require.ErrorContains(t, c.call(dial(t, saying(200, c.body))), "what no shop does", name)
	}
}

func TestAnExportThatBreaksOffIsNotWhole(t *testing.T) {
	t.Parallel()
	orders := 0
	err := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "{\"id\": 1, \"order_details\": []}\n")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}).Export(t.Context(), func(shop.Order) error { orders++; return nil })
	require.ErrorContains(t, err, "the answer is lost")
	require.Equal(t, 1, orders)

	err = dial(t, saying(503, `{"error": "UNAVAILABLE", "message": "too many"}`)).Export(t.Context(), nil)
	require.Equal(t, "UNAVAILABLE", shop.CodeOf(err))
}

func TestNothingIsSentThatIsNoRequest(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	c := dial(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	require.ErrorContains(t, c.CreateProduct(t.Context(), shop.Product{ID: "a"}), "title")
	_, err := c.Product(t.Context(), "")
	require.ErrorContains(t, err, "empty")
	require.ErrorContains(t, c.DeleteProduct(t.Context(), "."), "folder")
	_, err = c.CreateOrder(t.Context(), nil, "")
	require.ErrorContains(t, err, "lines")
	require.Zero(t, calls.Load())
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	err := overhttp.New(s.URL).CreateProduct(t.Context(), airship)
	require.ErrorContains(t, err, "can't be reached")
	failed := new(shop.Error)
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.InDoubt || failed.Passing)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhatAWrapRefusesWasNotSent(t *testing.T) {
	t.Parallel()
	refuse := func(http.RoundTripper) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no credentials") })
	}
	err := dial(t, saying(200, ``), refuse).CreateProduct(t.Context(), airship)
	require.ErrorContains(t, err, "not sent: no credentials")
	failed := new(shop.Error)
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.InDoubt || failed.Passing)
}
