package operation_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

// greeting is a request with a field from each part of a call.
type greeting struct {
	Name     string `path:"name"`
	Language string `header:"X-Language"`
	Body     struct {
		Times int `json:"times"`
	} `body:"json"`
}

type echo struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	Times    int    `json:"times"`
}

func greet(_ context.Context, in greeting) (echo, error) {
	return echo{Name: in.Name, Language: in.Language, Times: in.Body.Times}, nil
}

type nothing struct{}

// answering is an operation that always ends as given.
func answering(out any, err error) operation.Operation {
	return operation.New("o", "GET /o", func(context.Context, nothing) (any, error) { return out, err })
}

func requireJSON(t *testing.T, status int, body string, got operation.Response) {
	t.Helper()
	require.JSONEq(t, body, string(got.Body))
	require.Equal(t, status, got.Status)
	require.Equal(t, "application/json", got.Header["Content-Type"])
}

func TestHandleCallsTheFunctionWithEveryField(t *testing.T) {
	t.Parallel()
	o := operation.New("greet", "POST /{name}/greeting", greet)
	require.Equal(t, "greet", o.Name)
	require.Equal(t, "POST", o.Method)
	require.Equal(t, "/{name}/greeting", o.Path)
	got := o.Handle(t.Context(), operation.Request{
		Path:   map[string]string{"name": "a b/ключ"},
		Header: map[string]string{"x-language": "en"},
		Body:   []byte(`{"times":3}`),
	})
	requireJSON(t, http.StatusOK, `{"name":"a b/ключ","language":"en","times":3}`, got)
}

func TestHandleLeavesFieldsEmptyThatTheRequestLacks(t *testing.T) {
	t.Parallel()
	o := operation.New("greet", "POST /{name}/greeting", greet)
	requireJSON(t, http.StatusOK, `{"name":"","language":"","times":0}`, o.Handle(t.Context(), operation.Request{Body: []byte(`{}`)}))
}

func TestHandleMapsErrors(t *testing.T) {
	t.Parallel()
	busy := failure.New(failure.Busy, "the queue is full")
	busy.RetryAfter = 1500 * time.Millisecond
	for name, c := range map[string]struct {
		err        error
		status     int
		body       string
		retryAfter string
	}{
		"a failure":                 {err: failure.New(failure.Refused, "'%s' is already locked", "a"), status: 403, body: `{"error":"'a' is already locked"}`},
		"a failure with a field":    {err: failure.InvalidField("ttl_ms", "ttl_ms is below 100"), status: 400, body: `{"error":"ttl_ms is below 100","field":"ttl_ms"}`},
		"a failure to come back to": {err: busy, status: 503, body: `{"error":"the queue is full"}`, retryAfter: "2"},
		"a failure with a cause": {
			err:    &failure.Error{Code: failure.Upstream, Message: "the other service does not answer", Err: errors.New("dial 10.0.0.1")},
			status: 502, body: `{"error":"the other service does not answer"}`,
		},
		"a failure that quotes what is no UTF-8": {err: failure.New(failure.NotFound, "'%s' not found", "\xff"), status: 404, body: `{"error":"'�' not found"}`},
		"an unknown error":                       {err: errors.New("password is hunter2"), status: 500, body: `{"error":"internal error"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := answering(nothing{}, c.err).Handle(t.Context(), operation.Request{})
			requireJSON(t, c.status, c.body, got)
			require.Equal(t, c.retryAfter, got.Header["Retry-After"])
		})
	}
}

func TestHandleHidesAnAnswerThatIsNoJSON(t *testing.T) {
	t.Parallel()
	got := answering(map[string]string{"secret": "\xff"}, nil).Handle(t.Context(), operation.Request{})
	requireJSON(t, http.StatusInternalServerError, `{"error":"internal error"}`, got)
}

func TestHandleHidesAPanic(t *testing.T) {
	t.Parallel()
	for name, panicking := range map[string]func(){
		"with text":     func() { panic("password is hunter2") },
		"with an error": func() { panic(failure.New(failure.Refused, "password is hunter2")) },
		"of the runtime": func() {
			var missing *echo
			missing.Name = "hunter2"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := operation.New("o", "GET /o", func(context.Context, nothing) (nothing, error) {
				panicking()
				return nothing{}, nil
			})
			requireJSON(t, http.StatusInternalServerError, `{"error":"internal error"}`, o.Handle(t.Context(), operation.Request{}))
		})
	}
}

func TestHandleRefusesABodyAboveTheLimit(t *testing.T) {
	t.Parallel()
	padded := func(size int) []byte {
		return append([]byte(`{"times":1}`), bytes.Repeat([]byte(" "), size-len(`{"times":1}`))...)
	}
	for name, c := range map[string]struct {
		options []operation.Option
		limit   int
	}{
		"the default":   {limit: operation.DefaultMaxBody},
		"a limit given": {options: []operation.Option{operation.MaxBody(100)}, limit: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := operation.New("greet", "POST /{name}", greet, c.options...)
			require.Equal(t, http.StatusOK, o.Handle(t.Context(), operation.Request{Body: padded(c.limit)}).Status)
			got := o.Handle(t.Context(), operation.Request{Body: padded(c.limit + 1)})
			require.Equal(t, http.StatusRequestEntityTooLarge, got.Status)
			require.Contains(t, string(got.Body), "the body is larger than")
		})
	}
}

func TestHandleEndsWithItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		o := operation.New("o", "GET /o", func(ctx context.Context, _ nothing) (nothing, error) {
			<-ctx.Done()
			return nothing{}, ctx.Err()
		})
		requireJSON(t, http.StatusGatewayTimeout, `{"error":"the time for this request is over"}`, o.Handle(t.Context(), operation.Request{}))
		require.Equal(t, operation.DefaultTimeout, time.Since(started)) // the bubble's clock: exact
	})
}

func TestHandleKeepsAFailureThatTheTimeoutBringsAbout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := operation.New("o", "GET /o", func(ctx context.Context, _ nothing) (nothing, error) {
			<-ctx.Done()
			return nothing{}, failure.New(failure.Conflict, "still held")
		})
		requireJSON(t, http.StatusConflict, `{"error":"still held"}`, o.Handle(t.Context(), operation.Request{}))
	})
}

func TestNewPanicsOnABadRoute(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"", "GET", "/registry", "GET/registry"} {
		t.Run(strings.ReplaceAll(route, "/", "|"), func(t *testing.T) {
			t.Parallel()
			require.PanicsWithValue(t, "operation greet: a route is a method, a space and a path, not "+route, func() {
				operation.New("greet", route, greet)
			})
		})
	}
}

// Every kind of failure has a name where errors have names.
func TestNamedErrors(t *testing.T) {
	t.Parallel()
	for _, code := range failure.Codes() {
		o := operation.New("o", "GET /o", func(context.Context, nothing) (any, error) { return nil, failure.New(code, "why") }, operation.NamedErrors())
		got := o.Handle(t.Context(), operation.Request{})
		require.Equal(t, code.HTTPStatus(), got.Status)
		require.Regexp(t, `^\{"error":"[A-Z_]+","message":"why"\}$`, string(got.Body), code.String())
	}
	for field, name := range map[string]string{"": "BAD_REQUEST", "body": "BAD_REQUEST", "price": "VALIDATION_ERROR"} {
		require.Contains(t, string(operation.FailNamed(failure.InvalidField(field, "why")).Body), name)
	}
}
