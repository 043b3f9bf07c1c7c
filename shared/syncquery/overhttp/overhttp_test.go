package overhttp_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overhttp"
)

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

func TestDo(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.Method+" "+r.URL.EscapedPath()+" "+r.Header.Get("X-Client")+" "+string(body))
	})
	got, err := overhttp.New(url, "me", true).Do(t.Context(), oldapi.Request{Method: "PUT", Path: "/a%2Fb", Body: []byte("{}")})
	require.NoError(t, err)
	require.Equal(t, oldapi.Response{Status: http.StatusTeapot, Body: []byte("PUT /a%2Fb me {}")}, got)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWraps(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_, _ = io.WriteString(w, r.Header.Get("Signed"))
	})
	t.Run("the last is outermost", func(t *testing.T) {
		wrap := func(name string) overhttp.Wrap {
			return func(next http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					signed := r.Clone(r.Context())
					signed.Header.Set("Signed", r.Header.Get("Signed")+name)
					return next.RoundTrip(signed)
				})
			}
		}
		got, err := overhttp.New(url, "", true, wrap("inner"), wrap("outer")).Do(t.Context(), oldapi.Request{Method: "GET", Path: "/"})
		require.NoError(t, err)
		require.Equal(t, "outerinner", string(got.Body))
		require.EqualValues(t, 1, calls.Load())
	})
	t.Run("what one refuses was not sent", func(t *testing.T) {
		refuse := func(http.RoundTripper) http.RoundTripper {
			return roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no credentials") })
		}
		_, err := overhttp.New(url, "", true, refuse).Do(t.Context(), oldapi.Request{Method: "DELETE", Path: "/"})
		require.ErrorIs(t, err, syncquery.ErrNotDone)
		require.ErrorContains(t, err, "no credentials")
		require.EqualValues(t, 1, calls.Load())
	})
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	got, err := overhttp.New(url, "", true).Do(t.Context(), oldapi.Request{Method: "POST", Path: "/"})
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, got.Status)
}

// The server takes the request and closes the connection without an answer. On a
// kept connection, where a client might think that the server had just closed it,
// a DELETE must not be sent again.
func TestALostAnswerIsAnErrorAndNothingIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"POST", "DELETE"} {
		var effects atomic.Int64
		url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			if r.Method == "GET" {
				return // an answer, so that the connection is kept
			}
			effects.Add(1)
			panic(http.ErrAbortHandler)
		})
		transport := overhttp.New(url, "", true)
		_, err := transport.Do(t.Context(), oldapi.Request{Method: "GET", Path: "/"})
		require.NoError(t, err)
		_, err = transport.Do(t.Context(), oldapi.Request{Method: method, Path: "/"})
		require.Error(t, err)
		require.NotErrorIs(t, err, syncquery.ErrUnreachable)
		require.NotErrorIs(t, err, syncquery.ErrNotDone)
		require.EqualValues(t, 1, effects.Load(), method)
	}
}

func TestAnAnswerCutOffIsAnError(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	})
	_, err := overhttp.New(url, "", true).Do(t.Context(), oldapi.Request{Method: "GET", Path: "/"})
	require.Error(t, err)
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, err := overhttp.New(s.URL, "", true).Do(t.Context(), oldapi.Request{Method: "DELETE", Path: "/"})
	require.ErrorIs(t, err, syncquery.ErrUnreachable)
}
