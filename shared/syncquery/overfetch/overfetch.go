//go:build js && wasm

// Package overfetch carries the calls of a synchronized query over the fetch of a
// browser or of Node. It stands in for net/http, which would triple the size of
// the module.
package overfetch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"syscall/js"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/oldapi"
)

// Transport implements oldapi.Transport. Safe for concurrent use.
type Transport struct {
	base string
	name string

	answered atomic.Bool  // something came from the server
	vain     atomic.Int64 // GETs that failed
}

var _ oldapi.Transport = (*Transport)(nil)

// New returns a transport to the server at base, as oldapi.ParseBase returns it.
// The client names itself in the header X-Client, unless name is empty; in a
// browser that costs a preflight for every address.
func New(base, name string) *Transport { return &Transport{base: base, name: name} }

// Do implements oldapi.Transport. A done ctx aborts the fetch. Node says of a failed
// fetch why it failed; a browser does not tell whether the request had been sent.
func (t *Transport) Do(ctx context.Context, r oldapi.Request) (oldapi.Response, error) {
	abort := js.Global().Get("AbortController").New()
	stop := context.AfterFunc(ctx, func() { abort.Call("abort") })
	defer stop()
	response, err := await(js.Global().Call("fetch", t.base+r.Path, t.options(r, abort)))
	if err != nil {
		return oldapi.Response{}, t.cause(ctx, r, err)
	}
	t.answered.Store(true)
	buffer, err := await(response.Call("arrayBuffer"))
	if err != nil {
		return oldapi.Response{}, t.cause(ctx, r, err)
	}
	size := buffer.Get("byteLength").Int()
	if size > oldapi.MaxBody {
		return oldapi.Response{}, fmt.Errorf("the answer has %d bytes, more than %d", size, oldapi.MaxBody)
	}
	body := make([]byte, size)
	js.CopyBytesToGo(body, js.Global().Get("Uint8Array").New(buffer))
	return oldapi.Response{Status: response.Get("status").Int(), Body: body}, nil
}

func (t *Transport) options(r oldapi.Request, abort js.Value) map[string]any {
	headers := map[string]any{}
	if t.name != "" {
		headers["X-Client"] = t.name
	}
	for name, value := range r.Header {
		headers[name] = value
	}
	options := map[string]any{
		"method": r.Method, "headers": headers, "signal": abort.Get("signal"),
		// Never follow: a redirected POST would turn into a GET. Never cache.
		"redirect": "manual", "cache": "no-store",
	}
	if r.Body != nil {
		headers["Content-Type"] = "application/json"
		options["body"] = string(r.Body)
	}
	if r.Method == "DELETE" { // what frees something outlives the page that asked for it
		options["keepalive"] = true
	}
	return options
}

// enoughInVain is how many GETs fail, before any answer came, until the server counts as
// unreachable.
const enoughInVain = 3

// cause says why a fetch failed: rather by the reason why ctx ended than by fetch's word
// that it was aborted. A browser says the same of a server that isn't there and of an
// answer that was lost. As long as none ever came, and for what has no effect, the first
// is the better guess after a few of them.
func (t *Transport) cause(ctx context.Context, r oldapi.Request, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r.Method == "GET" && !t.answered.Load() && t.vain.Add(1) >= enoughInVain && !errors.Is(err, syncquery.ErrUnreachable):
		return fmt.Errorf("%w: %w", syncquery.ErrUnreachable, err)
	default:
		return err
	}
}

// await waits for a promise. It must not run in a callback from JavaScript, which
// would block the event loop that is to settle the promise.
func await(promise js.Value) (js.Value, error) {
	type settled struct {
		value js.Value
		err   error
	}
	done := make(chan settled, 1)
	onValue := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{value: args[0]}
		return nil
	})
	defer onValue.Release()
	onError := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{err: reason(args[0])}
		return nil
	})
	defer onError.Release()
	promise.Call("then", onValue, onError)
	s := <-done
	return s.value, s.err
}

// reason is what a rejected promise says. Under Node an error of fetch carries the
// system's code in its cause.
func reason(value js.Value) error {
	text := value.Call("toString").String()
	if cause := value.Get("cause"); cause.Type() == js.TypeObject && cause.Get("code").Type() == js.TypeString {
		code := cause.Get("code").String()
		text += ": " + code
		if slices.Contains([]string{"ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH"}, code) {
			return fmt.Errorf("%w: %s", syncquery.ErrUnreachable, text)
		}
	}
	return errors.New(text)
}
