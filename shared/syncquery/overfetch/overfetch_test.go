//go:build js && wasm

package overfetch_test

import (
	"context"
	"errors"
	"strings"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overfetch"
)

// asked is a call of fetch.
type asked struct {
	address string
	options js.Value
}

func (a asked) option(name string) string {
	v := a.options.Get(name)
	if v.Type() == js.TypeBoolean {
		return map[bool]string{true: "true", false: "false"}[v.Bool()]
	}
	return v.String()
}

// fetching puts a function in the place of fetch; what it returns is what fetch does.
func fetching(t *testing.T, fetch func(asked) js.Value) *[]asked {
	t.Helper()
	var all []asked
	f := js.FuncOf(func(_ js.Value, args []js.Value) any {
		all = append(all, asked{args[0].String(), args[1]})
		return fetch(all[len(all)-1])
	})
	before := js.Global().Get("fetch")
	js.Global().Set("fetch", f)
	t.Cleanup(func() {
		js.Global().Set("fetch", before)
		f.Release()
	})
	return &all
}

func resolved(v js.Value) js.Value { return js.Global().Get("Promise").Call("resolve", v) }
func rejected(v any) js.Value      { return js.Global().Get("Promise").Call("reject", v) }

func answer(status int, body string) js.Value {
	return resolved(js.Global().Get("Response").New(body, map[string]any{"status": status}))
}

// failing is what fetch rejects with under Node; in a browser there is no code.
func failing(code string) js.Value {
	e := js.Global().Get("TypeError").New("fetch failed")
	if code != "" {
		e.Set("cause", map[string]any{"code": code})
	}
	return rejected(e)
}

func TestDo(t *testing.T) {
	all := fetching(t, func(asked) js.Value { return answer(418, "short and stout ☕") })
	transport := overfetch.New("http://x/base", "me")
	got, err := transport.Do(t.Context(), oldapi.Request{Method: "PUT", Path: "/a%2Fb", Body: []byte(`{"ü":1}`), Header: map[string]string{"Lease": "secret"}})
	require.NoError(t, err)
	require.Equal(t, oldapi.Response{Status: 418, Body: []byte("short and stout ☕")}, got)
	require.Len(t, *all, 1)
	a := (*all)[0]
	require.Equal(t, "http://x/base/a%2Fb", a.address)
	headers := a.options.Get("headers")
	require.Equal(t, []string{"PUT", `{"ü":1}`, "me", "secret", "application/json"},
		[]string{a.option("method"), a.option("body"), headers.Get("X-Client").String(), headers.Get("Lease").String(), headers.Get("Content-Type").String()})
	require.Equal(t, []string{"manual", "no-store"}, []string{a.option("redirect"), a.option("cache")})
}

func TestWithoutNameOrBody(t *testing.T) {
	all := fetching(t, func(asked) js.Value { return answer(200, "") })
	got, err := overfetch.New("http://x", "").Do(t.Context(), oldapi.Request{Method: "POST", Path: "/"})
	require.NoError(t, err)
	require.Empty(t, got.Body)
	a := (*all)[0]
	require.Zero(t, js.Global().Get("Object").Call("keys", a.options.Get("headers")).Length(), "a header more is a preflight more")
	require.True(t, a.options.Get("body").IsUndefined())
}

func TestOnlyWhatFreesOutlivesThePage(t *testing.T) {
	all := fetching(t, func(asked) js.Value { return answer(200, "") })
	transport := overfetch.New("http://x", "")
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		_, err := transport.Do(t.Context(), oldapi.Request{Method: method, Path: "/"})
		require.NoError(t, err)
		a := (*all)[len(*all)-1]
		require.Equal(t, method == "DELETE", a.options.Get("keepalive").Truthy(), method)
	}
}

func TestAnAnswerThatIsTooLong(t *testing.T) {
	fetching(t, func(asked) js.Value { return answer(200, strings.Repeat("x", oldapi.MaxBody+1)) })
	_, err := overfetch.New("http://x", "").Do(t.Context(), oldapi.Request{Method: "GET", Path: "/"})
	require.ErrorContains(t, err, "more than")
}

func TestADoneContextAbortsTheFetch(t *testing.T) {
	gaveUp := errors.New("gave up")
	ctx, cancel := context.WithCancelCause(t.Context())
	fetching(t, func(a asked) js.Value {
		executor := js.FuncOf(func(_ js.Value, settle []js.Value) any {
			a.options.Get("signal").Call("addEventListener", "abort", settle[1])
			return nil
		})
		defer executor.Release()
		defer cancel(gaveUp)
		return js.Global().Get("Promise").New(executor)
	})
	_, err := overfetch.New("http://x", "").Do(ctx, oldapi.Request{Method: "GET", Path: "/"})
	require.Equal(t, gaveUp, err)
}

func TestNodeSaysWhyAFetchFailed(t *testing.T) {
	for code, nobody := range map[string]bool{"ECONNREFUSED": true, "ENOTFOUND": true, "EHOSTUNREACH": true, "ENETUNREACH": true, "ECONNRESET": false, "UND_ERR_SOCKET": false} {
		t.Run(code, func(t *testing.T) {
			fetching(t, func(asked) js.Value { return failing(code) })
			_, err := overfetch.New("http://x", "").Do(t.Context(), oldapi.Request{Method: "DELETE", Path: "/"})
			require.ErrorContains(t, err, code)
			require.Equal(t, nobody, errors.Is(err, syncquery.ErrUnreachable))
		})
	}
}

func TestABrowserDoesNotSayWhyAFetchFailed(t *testing.T) {
	get, post := oldapi.Request{Method: "GET", Path: "/"}, oldapi.Request{Method: "POST", Path: "/"}
	up := false
	fetching(t, func(asked) js.Value {
		if up {
			return answer(200, "")
		}
		return failing("")
	})
	unreachable := func(transport *overfetch.Transport, r oldapi.Request) bool {
		_, err := transport.Do(t.Context(), r)
		require.Equal(t, up, err == nil)
		return errors.Is(err, syncquery.ErrUnreachable)
	}
	t.Run("after three looks at it there is no server", func(t *testing.T) {
		transport := overfetch.New("http://x", "")
		require.Equal(t, []bool{false, false, true, true}, []bool{unreachable(transport, get), unreachable(transport, get), unreachable(transport, get), unreachable(transport, get)})
		require.False(t, unreachable(transport, post), "it may have had its effect")
	})
	t.Run("one that has answered is there", func(t *testing.T) {
		transport := overfetch.New("http://x", "")
		up = true
		unreachable(transport, post)
		up = false
		for range 4 {
			require.False(t, unreachable(transport, get))
		}
	})
}
