package overhttp_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
	"lockstep/shared/operation/overhttp"
)

// No test may leave a goroutine behind, least of all Serve's.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// seen is what an operation was called with.
type seen struct {
	A      string `json:"a"`
	B      string `json:"b"`
	Lease  string `json:"lease"`
	Number int    `json:"number"`
}

type nothing struct{}

// operations is a small service with the kinds of routes that services have.
func operations() []operation.Operation {
	return []operation.Operation{
		operation.New("list", "GET /registry", func(context.Context, nothing) (seen, error) { return seen{A: "registry"}, nil }),
		operation.New("lock", "POST /{a}/lock", func(_ context.Context, in struct {
			A     string `path:"a"`
			Lease string `header:"Lease"`
		},
		) (seen, error) {
			return seen{A: in.A, Lease: in.Lease}, nil
		}),
		operation.New("read", "GET /{a}/resource/{b}", func(_ context.Context, in struct {
			A string `path:"a"`
			B string `path:"b"`
		},
		) (seen, error) {
			return seen{A: in.A, B: in.B}, nil
		}),
		operation.New("put", "PUT /{a}", func(_ context.Context, in struct {
			A    string `path:"a"`
			Body struct {
				Number int `json:"number"`
			} `body:"json"`
		},
		) (seen, error) {
			return seen{A: in.A, Number: in.Body.Number}, nil
		}, operation.MaxBody(100)),
		operation.New("delete", "DELETE /{a}", func(_ context.Context, in struct {
			A string `path:"a"`
		},
		) (seen, error) {
			return seen{}, failure.New(failure.NotFound, "'%s' not found", in.A)
		}),
	}
}

// answer returns what the service says to a request, without a network.
func answer(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	overhttp.Handler(operations()).ServeHTTP(w, r)
	return w
}

func requireJSON(t *testing.T, status int, body string, got *httptest.ResponseRecorder) {
	t.Helper()
	require.JSONEq(t, body, got.Body.String())
	require.Equal(t, status, got.Code)
	require.Equal(t, "application/json", got.Header().Get("Content-Type"))
}

func TestHandlerRoutes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"a fixed path":                 {"GET", "/registry", "", 200, `{"a":"registry","b":"","lease":"","number":0}`},
		"a parameter":                  {"POST", "/a/lock", "", 200, `{"a":"a","b":"","lease":"","number":0}`},
		"two parameters":               {"GET", "/a/resource/7", "", 200, `{"a":"a","b":"7","lease":"","number":0}`},
		"a body":                       {"PUT", "/a", `{"number":3}`, 200, `{"a":"a","b":"","lease":"","number":3}`},
		"a failure":                    {"DELETE", "/a", "", 404, `{"error":"'a' not found"}`},
		"an escaped slash":             {"POST", "/a%2Fb/lock", "", 200, `{"a":"a/b","b":"","lease":"","number":0}`},
		"two escaped slashes":          {"POST", "/%2F%2F/lock", "", 200, `{"a":"//","b":"","lease":"","number":0}`},
		"an escaped space":             {"POST", "/a%20b/lock", "", 200, `{"a":"a b","b":"","lease":"","number":0}`},
		"a plus is a plus":             {"POST", "/a+b/lock", "", 200, `{"a":"a+b","b":"","lease":"","number":0}`},
		"escaped Unicode":              {"POST", "/%D0%BA%D0%BB%D1%8E%D1%87/lock", "", 200, `{"a":"ключ","b":"","lease":"","number":0}`},
		"Unicode as it is":             {"POST", "/ключ/lock", "", 200, `{"a":"ключ","b":"","lease":"","number":0}`},
		"an escaped percent sign":      {"POST", "/%252F/lock", "", 200, `{"a":"%2F","b":"","lease":"","number":0}`},
		"escaped dots are a name":      {"POST", "/%2E%2E/lock", "", 200, `{"a":"..","b":"","lease":"","number":0}`},
		"what is no UTF-8":             {"DELETE", "/%FF", "", 404, `{"error":"'�' not found"}`},
		"a name with an encoded query": {"POST", "/a%3Fb/lock?c=d", "", 200, `{"a":"a?b","b":"","lease":"","number":0}`},
		"a body of the wrong type":     {"PUT", "/a", `{"number":"3"}`, 400, `{"error":"number must be an integer","field":"number"}`},
		"no body":                      {"PUT", "/a", "", 400, `{"error":"body is empty; it must be JSON","field":"body"}`},
		"a path of nobody":             {"GET", "/a/b/c/d", "", 404, `{"error":"no such path"}`},
		"the root":                     {"GET", "/", "", 404, `{"error":"no such path"}`},
		"a slash at the end":           {"GET", "/registry/", "", 404, `{"error":"no such path"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireJSON(t, c.status, c.want, answer(t, httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))))
		})
	}
}

// A redirect would be HTML, would turn a POST into a GET in some clients, and would
// reach an endpoint that the caller did not name. Behind a REST API there is none.
func TestHandlerNeverRedirects(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"//", "//registry", "//a/lock", "/a//lock", "/x/../registry", "/x/../a/lock", "/./registry", "/registry/.", "/../a",
		"/a/resource/..", "/a/resource/7/../8", "//a%2Fb/lock", "*",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE"} {
			got := answer(t, httptest.NewRequest(method, path, nil))
			requireJSON(t, http.StatusNotFound, `{"error":"no such path"}`, got)
			require.Empty(t, got.Header().Get("Location"), "%s %s", method, path)
		}
	}
}

func TestHandlerNamesTheMethodsThatAPathAllows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ method, path, allow string }{
		"one of its own":     {"GET", "/a/lock", "POST"},
		"a GET allows HEAD":  {"POST", "/a/resource/7", "GET, HEAD"},
		"two":                {"GET", "/a", "DELETE, PUT"},
		"an unknown method":  {"BREW", "/a/lock", "POST"},
		"OPTIONS of no page": {"OPTIONS", "/a/lock", "POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := answer(t, httptest.NewRequest(c.method, c.path, nil))
			requireJSON(t, http.StatusMethodNotAllowed, `{"error":"method `+c.method+` is not allowed here"}`, got)
			require.Equal(t, c.allow, got.Header().Get("Allow"))
		})
	}
}

func TestHandlerHandsOverTheFirstOfEachHeader(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/a/lock", nil)
	r.Header.Add("lease", "first")
	r.Header.Add("LEASE", "second")
	requireJSON(t, http.StatusOK, `{"a":"a","b":"","lease":"first","number":0}`, answer(t, r))
}

func TestHandlerRefusesABodyAboveTheLimit(t *testing.T) {
	t.Parallel()
	body := func(size int) io.Reader { return strings.NewReader(`{"number":3}` + strings.Repeat(" ", size-12)) }
	require.Equal(t, http.StatusOK, answer(t, httptest.NewRequest(http.MethodPut, "/a", body(100))).Code)
	requireJSON(t, http.StatusRequestEntityTooLarge, `{"error":"the body is larger than 100 bytes"}`,
		answer(t, httptest.NewRequest(http.MethodPut, "/a", body(101))))
}

func TestHandlerSurvivesABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	const want = `{"error":"the body did not arrive whole"}`
	t.Run("in the handler", func(t *testing.T) {
		t.Parallel()
		r := httptest.NewRequest(http.MethodPut, "/a", iotest.ErrReader(errors.New("connection reset by 10.0.0.1")))
		requireJSON(t, http.StatusBadRequest, want, answer(t, r))
	})
	t.Run("on the wire", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(overhttp.Handler(operations()))
		defer server.Close()
		connection, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		defer func() { _ = connection.Close() }()
		_, err = io.WriteString(connection, "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n{\"num")
		require.NoError(t, err)
		require.NoError(t, connection.(*net.TCPConn).CloseWrite())
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, response.StatusCode)
		require.JSONEq(t, want, string(body))
	})
}

func TestHandlerAnswersHEADOfAGETWithoutABody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(overhttp.Handler(operations()))
	defer server.Close()
	for path, status := range map[string]int{"/registry": 200, "/nobody/nowhere": 404, "/a/lock": 405} {
		response, err := server.Client().Head(server.URL + path)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Empty(t, body)
		require.Equal(t, status, response.StatusCode, path)
		require.Equal(t, "application/json", response.Header.Get("Content-Type"))
	}
}

func TestHandlerLetsAPageOfAnyOriginCall(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"an answer": "/registry", "a 404": "/nobody/nowhere", "a 405": "/a/lock"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Origin", "https://example.com")
			h := answer(t, r).Header()
			require.Equal(t, "*", h.Get("Access-Control-Allow-Origin"))
			require.Contains(t, h.Get("Access-Control-Expose-Headers"), "Retry-After", "a page must see when to come back")
		})
	}
}

func TestHandlerAnswersAPreflight(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodOptions, "/a/lock", nil)
	r.Header.Set("Origin", "https://example.com")
	r.Header.Set("Access-Control-Request-Method", "POST")
	got := answer(t, r)
	require.Equal(t, http.StatusNoContent, got.Code)
	require.Empty(t, got.Body.String())
	require.Equal(t, "*", got.Header().Get("Access-Control-Allow-Origin"))
	allowed := strings.Split(got.Header().Get("Access-Control-Allow-Headers"), ", ")
	require.ElementsMatch(t, []string{
		"Lease", "Fencing-Token", "X-Client", "X-Operator", "Content-Type", "Idempotency-Key",
		"Connect-Protocol-Version", "Connect-Timeout-Ms", "Grpc-Timeout", "X-Grpc-Web", "X-User-Agent",
	}, allowed)
	methods := strings.Split(got.Header().Get("Access-Control-Allow-Methods"), ", ")
	require.ElementsMatch(t, []string{"GET", "POST", "PUT", "DELETE"}, methods)
}

func TestHandlerRefusesWhatIsAboveItsLimit(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	handler := overhttp.Limited(operation.New("o", "GET /", func(context.Context, nothing) (nothing, error) { return nothing{}, nil }, operation.Concurrency(1)), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-release
		w.WriteHeader(http.StatusNoContent)
	}))
	call := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w
	}
	first := make(chan int)
	go func() { first <- call().Code }()
	<-entered

	refused := call()
	requireJSON(t, http.StatusServiceUnavailable, `{"error":"too many requests at once"}`, refused)
	require.Equal(t, "1", refused.Header().Get("Retry-After"))

	release <- struct{}{}
	require.Equal(t, http.StatusNoContent, <-first)
	go func() { first <- call().Code }()
	select { // the slot is free again
	case <-entered:
		release <- struct{}{}
		require.Equal(t, http.StatusNoContent, <-first)
	case code := <-first:
		require.Failf(t, "a slot is lost", "status %d", code)
	}
}

// named is a service whose errors have names, and whose list has two routes.
func named() http.Handler {
	all := []operation.Operation{
		operation.New("list", "GET /orders", func(context.Context, nothing) (listed, error) { return listed{1, 2}, nil },
			operation.NamedErrors(), operation.Also("GET /orders/")),
		operation.New("order", "GET /orders/{id}", func(context.Context, nothing) (nothing, error) {
			return nothing{}, &failure.Error{Code: failure.NotFound, Name: "ORDER_NOT_FOUND", Message: "Order with id 7 not found"}
		}, operation.NamedErrors()),
	}
	return overhttp.Handler(all)
}

type listed []int

func (listed) Header() map[string]string { return map[string]string{"Link": `<?cursor=2>; rel="next"`} }

func TestHandlerOfAServiceWhoseErrorsHaveNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path string
		status       int
		want         string
	}{
		"a route":               {"GET", "/orders", 200, `[1,2]`},
		"its other route":       {"GET", "/orders/", 200, `[1,2]`},
		"below it":              {"GET", "/orders/7", 404, `{"error":"ORDER_NOT_FOUND","message":"Order with id 7 not found"}`},
		"below it, and a slash": {"GET", "/orders/7/", 404, `{"error":"NOT_FOUND","message":"no such path"}`},
		"two slashes":           {"GET", "/orders//", 404, `{"error":"NOT_FOUND","message":"no such path"}`},
		"a path of nobody":      {"GET", "/x", 404, `{"error":"NOT_FOUND","message":"no such path"}`},
		"another method":        {"PUT", "/orders", 405, `{"error":"NOT_FOUND","message":"method PUT is not allowed here"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			named().ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
			requireJSON(t, c.status, c.want, w)
			if c.status == http.StatusOK {
				require.Equal(t, `<?cursor=2>; rel="next"`, w.Header().Get("Link"))
			}
		})
	}
}
