// Package operation defines the unit that Lockstep is built of: one typed
// function with a name and, where it is reached over HTTP, a route. An operation
// knows nothing of the door it is reached through; its subpackages are the doors:
// overhttp serves a whole service in one process, inlambda one operation in one
// Lambda function.
package operation

import (
	"context"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"lockstep/shared/failure"
)

// Limits that hold where an operation names none of its own.
const (
	DefaultMaxBody = 64 << 10         // bytes
	DefaultTimeout = 28 * time.Second // below the 29 s after which a REST API gives up
)

// Request is what a door hands over, whatever its protocol.
type Request struct {
	Path   map[string]string // the route's parameters, decoded
	Query  map[string]string // the first value of each
	Header map[string]string // lower-case names, the first value of each
	Body   []byte
	Caller string // the caller's IP address, where it is known
}

// Response is what goes back. Body is JSON unless Header says otherwise.
type Response struct {
	Status int
	Header map[string]string
	Body   []byte
}

// Func is an operation's own code. It must be safe for concurrent use and
// honour ctx. Errors that are not of package failure read "internal error" outside.
type Func[In, Out any] func(context.Context, In) (Out, error)

// Operation is one function of a service, ready to be reached through any door.
// It is immutable, and safe for concurrent use.
type Operation struct {
	Name    string        // what _HANDLER, logs, events and the README call it
	Method  string        // HTTP method
	Path    string        // in the syntax of http.ServeMux, as in "/{endpoint}/lock"
	MaxBody int64         // bytes
	Timeout time.Duration // from the door to the answer

	serve func(context.Context, Request) (any, error)
}

// Option changes a limit of an operation.
type Option func(*Operation)

// MaxBody sets the largest body, in bytes, that the operation reads.
func MaxBody(bytes int64) Option { return func(o *Operation) { o.MaxBody = bytes } }

// New makes an operation of fn. The route is a method and a path, as in
// "POST /{endpoint}/lock". How fields of In are filled is said at Bind.
func New[In, Out any](name, route string, fn Func[In, Out], options ...Option) Operation {
	method, path, ok := strings.Cut(route, " ")
	if !ok {
		panic("operation " + name + ": a route is a method, a space and a path, not " + route)
	}
	o := Operation{
		Name: name, Method: method, Path: path,
		MaxBody: DefaultMaxBody, Timeout: DefaultTimeout,
		serve: func(ctx context.Context, r Request) (any, error) {
			var in In
			if err := Bind(r, &in); err != nil {
				return nil, err
			}
			return fn(ctx, in)
		},
	}
	for _, change := range options {
		change(&o)
	}
	return o
}

// Handle runs the operation: it decodes, validates, calls and maps the error. It
// always has an answer, also when the operation panics.
func (o Operation) Handle(ctx context.Context, r Request) (answer Response) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(ctx, "panic", "operation", o.Name, "panic", p, "stack", string(debug.Stack()))
			answer = Fail(failure.New(failure.Internal, "internal error"))
		}
	}()
	if int64(len(r.Body)) > o.MaxBody {
		return Fail(TooLarge(o.MaxBody))
	}
	out, err := o.serve(ctx, r)
	if err != nil {
		return o.failed(ctx, err)
	}
	body, err := json.Marshal(out, json.Deterministic(true))
	if err != nil {
		return o.failed(ctx, err)
	}
	return Response{Status: 200, Header: jsonHeader(), Body: body}
}

// failed maps an error and logs it, once, if it is nobody's fault but ours.
func (o Operation) failed(ctx context.Context, err error) Response {
	f := failure.Of(err)
	if f.Code == failure.Internal && ctx.Err() != nil {
		f = &failure.Error{Code: failure.Timeout, Message: "the time for this request is over", Err: err}
	}
	if f.Code.HTTPStatus() >= 500 {
		slog.ErrorContext(ctx, "failed", "operation", o.Name, "code", f.Code.String(), "error", err.Error())
	}
	return Fail(f)
}
