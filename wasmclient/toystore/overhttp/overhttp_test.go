package overhttp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/wasmclient/toystore"
	"lockstep/wasmclient/toystore/overhttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dial(t *testing.T, handler http.HandlerFunc, wraps ...overhttp.Wrap) *overhttp.Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	c := overhttp.New(s.URL, wraps...)
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

var purchase = toystore.Purchase{Toy: "Tux", Quantity: 1, Key: "k"}

func TestRequests(t *testing.T) {
	t.Parallel()
	for want, call := range map[string]func(*overhttp.Client){
		"GET /toys/A%20b%2Fc  ": func(c *overhttp.Client) { _, _ = c.Query(t.Context(), "A b/c") },
		"GET /toys/%2E%2E  ":    func(c *overhttp.Client) { _, _ = c.Query(t.Context(), "..") },
		`POST /toys/Tux/buy key {"quantity":3}`: func(c *overhttp.Client) {
			_, _ = c.Buy(t.Context(), toystore.Purchase{Toy: "Tux", Quantity: 3, Key: "key"})
		},
		`PUT /toys/x  {"name":"x","price":"1.05","stock":0}`: func(c *overhttp.Client) { _ = c.Put(t.Context(), toystore.Toy{Name: "x", Price: 105}) },
		"GET /toys?limit=7  ":                                func(c *overhttp.Client) { _, _ = c.List(t.Context(), 7) },
	} {
		got := ""
		call(dial(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = fmt.Sprintf("%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("Idempotency-Key"), body)
		}))
		require.Equal(t, want, got)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	toy, err := dial(t, saying(200, `{"name": "Tux", "price": "25.99", "stock": 12}`)).Query(t.Context(), "Tux")
	require.NoError(t, err)
	require.Equal(t, toystore.Toy{Name: "Tux", Price: 2599, Stock: 12}, toy)

	_, err = dial(t, saying(404, `{"error": "there is no toy 'Tux'"}`)).Query(t.Context(), "Tux")
	require.ErrorIs(t, err, toystore.ErrNoSuchToy)
}

func TestBuy(t *testing.T) {
	t.Parallel()
	for want, handler := range map[toystore.Sale]http.HandlerFunc{
		{Result: toystore.Bought, Stock: 11}:    saying(200, `{"result": "bought", "stock": 11}`),
		{Result: toystore.OutOfStock, Stock: 2}: saying(409, `{"result": "out_of_stock", "stock": 2}`),
	} {
		sale, err := dial(t, handler).Buy(t.Context(), purchase)
		require.NoError(t, err)
		require.Equal(t, want, sale)
	}
	_, err := dial(t, saying(404, `{"error": "there is no toy 'Tux'"}`)).Buy(t.Context(), purchase)
	require.ErrorIs(t, err, toystore.ErrNoSuchToy)
}

// What an error says decides what is repeated, and what the buyer is told.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler          http.HandlerFunc
		says             string
		inDoubt, passing bool
		after            time.Duration
	}{
		"invalid":         {saying(400, `{"error": "quantity must be 1"}`), "400: quantity must be 1", false, false, 0},
		"a gateway":       {saying(403, `{"message": "Missing Authentication Token"}`), "403: Missing Authentication Token", false, false, 0},
		"another service": {saying(404, `{"error": "no such path"}`), "is this a toy store", false, false, 0},
		"no service":      {saying(404, `<html>`), "is this a toy store", false, false, 0},
		"the key is used": {saying(422, `{"error": "the idempotency key has bought something else"}`), "something else", false, false, 0},
		"throttled":       {saying(429, ``), "429: Too Many Requests", false, true, 0},
		"internal":        {saying(500, `{"error": "internal error"}`), "500: internal error", true, false, 0},
		"upstream":        {saying(502, ``), "502", true, true, 0},
		"busy":            {saying(503, `{"error": "too many"}`, "Retry-After", "7"), "503: too many", true, true, 7 * time.Second},
		"a gateway's end": {saying(504, ``), "504", true, true, 0},
		"a redirect":      {saying(302, ``, "Location", "/elsewhere"), "302", false, false, 0},
		"no JSON":         {saying(200, `hello`), "what no toy store does", true, false, 0},
		"no result":       {saying(200, `{"stock": 1}`), `result ""`, true, false, 0},
		"lost":            {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the answer is lost: EOF", true, true, 0},
		"cut off":         {saying(200, `{"res`, "Content-Length", "100"), "the answer is lost", true, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := dial(t, c.handler).Buy(t.Context(), purchase)
			failed := new(toystore.Error)
			require.ErrorAs(t, err, &failed)
			require.Contains(t, failed.Message, c.says)
			require.Equal(t, c.inDoubt, failed.InDoubt, "in doubt")
			require.Equal(t, c.passing, failed.Passing, "passing")
			require.Equal(t, c.after, failed.After)
		})
	}
}

func TestNothingIsSentThatIsNoRequest(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	c := dial(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	_, err := c.Query(t.Context(), "")
	require.ErrorContains(t, err, "empty")
	_, err = c.Buy(t.Context(), toystore.Purchase{Toy: "Tux"})
	require.ErrorContains(t, err, "quantity")
	require.ErrorContains(t, c.Put(t.Context(), toystore.Toy{Name: "Tux"}), "price")
	require.Zero(t, calls.Load())
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, err := overhttp.New(s.URL).Buy(t.Context(), purchase)
	require.ErrorContains(t, err, "can't be reached")
	failed := new(toystore.Error)
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.InDoubt || failed.Passing)
}

func TestCloseGivesConnectionsUp(t *testing.T) {
	t.Parallel()
	var from []string
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		from = append(from, r.RemoteAddr)
		_, _ = io.WriteString(w, `{"name": "Tux", "price": "25.99", "stock": 12}`)
	})
	for range 2 {
		_, err := c.Query(t.Context(), "Tux")
		require.NoError(t, err)
	}
	require.NoError(t, c.Close())
	_, err := c.Query(t.Context(), "Tux")
	require.NoError(t, err)
	require.Equal(t, from[0], from[1], "kept between calls")
	require.NotEqual(t, from[1], from[2])
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhatAWrapRefusesWasNotSent(t *testing.T) {
	t.Parallel()
	refuse := func(http.RoundTripper) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no credentials") })
	}
	_, err := dial(t, saying(200, ``), refuse).Buy(t.Context(), purchase)
	require.ErrorContains(t, err, "not sent: no credentials")
	failed := new(toystore.Error)
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.InDoubt || failed.Passing)
}

// shop lists so many toys, three a page.
func shop(toys int, limits *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		*limits = append(*limits, r.URL.Query().Get("limit"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		begin, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		end := min(begin+min(limit, 3), toys)
		page := map[string]any{"toys": []toystore.Toy{}}
		for i := begin; i < end; i++ {
			page["toys"] = append(page["toys"].([]toystore.Toy), toystore.Toy{Name: strconv.Itoa(i), Price: 1})
		}
		if end < toys {
			page["cursor"] = strconv.Itoa(end)
		}
		_ = json.NewEncoder(w).Encode(page)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		toys, limit, want int
		limits            []string
	}{
		"none":               {0, 0, 0, []string{"1000"}},
		"all, on each page":  {8, 0, 8, []string{"1000", "1000", "1000"}},
		"some":               {8, 5, 5, []string{"5", "2"}},
		"fewer than allowed": {2, 5, 2, []string{"5"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var limits []string
			toys, err := dial(t, shop(c.toys, &limits)).List(t.Context(), c.limit)
			require.NoError(t, err)
			require.NotNil(t, toys, "[] in JSON, never null")
			require.Len(t, toys, c.want)
			require.Equal(t, c.limits, limits)
			for i, toy := range toys {
				require.Equal(t, strconv.Itoa(i), toy.Name)
			}
		})
	}
	t.Run("one that never ends", func(t *testing.T) {
		t.Parallel()
		_, err := dial(t, saying(200, `{"toys": [], "cursor": "x"}`)).List(t.Context(), 0)
		require.ErrorContains(t, err, "goes on with nothing")
	})
}
