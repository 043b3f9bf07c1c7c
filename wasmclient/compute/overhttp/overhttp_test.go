package overhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/wasmclient/compute"
	"lockstep/wasmclient/compute/overhttp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dial(t *testing.T, handler http.HandlerFunc, wraps ...overhttp.Wrap) *overhttp.Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	c := overhttp.New(s.URL, wraps...)
	t.Cleanup(c.Close)
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

const answered = `{"simulations":100,"concurrency":1,"pi":3.2,"simulations_distribution":[100],"time":0.5,"standard_error":0.1,"seed":7}`

func TestRequests(t *testing.T) {
	t.Parallel()
	seed := int64(0)
	const who = `{"username":"0123","password":"0123-pw",`
	for want, call := range map[string]func(*overhttp.Client){
		"POST /pi application/json " + who + `"simulations":100}`: func(c *overhttp.Client) {
			_, _ = c.Pi(t.Context(), "0123", compute.Task{Simulations: 100})
		},
		"POST /pi application/json " + who + `"simulations":100,"concurrency":8,"seed":0}`: func(c *overhttp.Client) {
			_, _ = c.Pi(t.Context(), "0123", compute.Task{Simulations: 100, Concurrency: 8, Seed: &seed})
		},
		"POST /pi/cluster application/json " + who + `"simulations":100,"shards":3,"seed":0}`: func(c *overhttp.Client) {
			_, _ = c.Start(t.Context(), "0123", compute.Run{Simulations: 100, Shards: 3, Seed: &seed})
		},
		"GET /pi/cluster/a%2Fb/progress  ": func(c *overhttp.Client) { _ = c.Progress(t.Context(), "a/b", nil) },
		"POST /quote application/json " + who + `"protocol":"udp","concurrency":2}`: func(c *overhttp.Client) {
			_, _ = c.Quotes(t.Context(), "0123", "udp", 2)
		},
		"GET /logins  ": func(c *overhttp.Client) { _, _ = c.Logins(t.Context()) },
	} {
		got := ""
		call(dial(t, func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = fmt.Sprintf("%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("Content-Type"), body)
		}))
		require.Equal(t, want, got)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	answer, err := dial(t, saying(200, answered)).Pi(t.Context(), "0000", compute.Task{})
	require.NoError(t, err)
	require.Equal(t, answered, string(answer.JSON))
	id, err := dial(t, saying(202, `{"id":"r"}`)).Start(t.Context(), "0000", compute.Run{})
	require.NoError(t, err)
	require.Equal(t, "r", id)
	quotes, err := dial(t, saying(200, `{"quotes":["a","b"]}`)).Quotes(t.Context(), "0000", "tcp", 2)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, quotes.Quotes)
	logins, err := dial(t, saying(200, `{"0123":7}`)).Logins(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"0123": 7}, logins)
}

func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*overhttp.Client) error{
		"pi":       func(c *overhttp.Client) error { _, err := c.Pi(t.Context(), "0000", compute.Task{}); return err },
		"progress": func(c *overhttp.Client) error { return c.Progress(t.Context(), "r", func(compute.Progress) {}) },
		"quotes":   func(c *overhttp.Client) error { _, err := c.Quotes(t.Context(), "0000", "tcp", 1); return err },
		"logins":   func(c *overhttp.Client) error { _, err := c.Logins(t.Context()); return err },
	} {
		for _, body := range []string{`hello`, `[]`, `null`, `{"quotes":["a","b"]}x`} {
			require.ErrorContains(t, call(dial(t, saying(200, body))), "what no compute service does", "%s: %s", name, body)
		}
	}
	_, err := dial(t, saying(202, `{}`)).Start(t.Context(), "0000", compute.Run{})
	require.ErrorContains(t, err, "no id of a run")
}

// What an error says decides what is told, and what is asked again.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		says    string
		status  int
		passing bool
		doubt   bool
		after   time.Duration
	}{
		"no user":         {saying(401, `{"error":"user info error"}`), "401: user info error", 401, false, false, 0},
		"invalid":         {saying(400, `{"error":"invalid field seed"}`), "400: invalid field seed", 400, false, false, 0},
		"no run":          {saying(404, `{"error":"there is no run 'r'"}`), "404: there is no run 'r'", 404, false, false, 0},
		"another service": {saying(404, `{"error":"no such path"}`), "is this a compute service", 404, false, false, 0},
		"a gateway":       {saying(403, `{"message":"Forbidden"}`), "403: Forbidden", 403, false, false, 0},
		"quotes":          {saying(502, `{"error":"quote server unavailable"}`), "502: quote server unavailable", 502, true, true, 0},
		"busy":            {saying(503, ``, "Retry-After", "7"), "503: Service Unavailable", 503, true, true, 7 * time.Second},
		"internal":        {saying(500, `{"error":"internal error"}`), "500: internal error", 500, false, true, 0},
		"a redirect":      {saying(302, ``, "Location", "/elsewhere"), "302", 302, false, false, 0},
		"lost":            {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "no answer: EOF", 0, true, true, 0},
		"cut off":         {saying(200, `{"sim`, "Content-Length", "100"), "no answer: unexpected EOF", 0, true, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := dial(t, c.handler).Pi(t.Context(), "0000", compute.Task{})
			failed := new(compute.Error)
			require.ErrorAs(t, err, &failed)
			require.Contains(t, failed.Message, c.says)
			require.Equal(t, c.status, failed.Status)
			require.Equal(t, c.passing, failed.Passing, "passing")
			require.Equal(t, c.doubt, failed.InDoubt(), "in doubt")
			require.Equal(t, c.after, failed.After)
			require.False(t, failed.Unreachable)
		})
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, err := overhttp.New(s.URL).Logins(t.Context())
	require.ErrorContains(t, err, "can't be reached")
	failed := new(compute.Error)
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.Unreachable)
	require.False(t, failed.InDoubt() || failed.Passing)
}

// Lines are told as they come: the second is only sent once the first was told.
func TestProgress(t *testing.T) {
	t.Parallel()
	told := make(chan struct{})
	c := dial(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"done":1,"of":2,"pi":3.2,"standard_error":0.1}`+"\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-told:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, answered+"\n")
	})
	var all []compute.Progress
	require.NoError(t, c.Progress(t.Context(), "r", func(p compute.Progress) {
		if all = append(all, p); len(all) == 1 {
			close(told)
		}
	}))
	require.Len(t, all, 2)
	require.Equal(t, 1, all[0].Done)
	require.Equal(t, answered, string(all[1].Answer.JSON))
}

// A line that is cut off is no line, and may go better another time.
func TestProgressBreaksOff(t *testing.T) {
	t.Parallel()
	c := dial(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"done":1,"of":2}`+"\n"+`{"done":1`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	told := 0
	err := c.Progress(t.Context(), "r", func(compute.Progress) { told++ })
	failed := new(compute.Error)
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.Passing, "%v", err)
	require.Equal(t, 1, told)
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	c := dial(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // before that a server does not see its caller go
		cancel(errors.New("not wanted any more"))
		<-r.Context().Done()
	})
	_, err := c.Pi(ctx, "0000", compute.Task{})
	require.ErrorContains(t, err, "not wanted any more")
}

type refusal struct{}

func (refusal) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	return nil, errors.New("can't sign")
}

func TestWrapsGoAround(t *testing.T) {
	t.Parallel()
	c := dial(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") }, func(http.RoundTripper) http.RoundTripper { return refusal{} })
	_, err := c.Pi(t.Context(), "0000", compute.Task{})
	require.ErrorContains(t, err, "can't sign")
}
