// Package operation defines the unit that Lockstep is built of: one typed
// function with a name and, where it is reached over HTTP, a route. An operation
// knows nothing of the door it is reached through; its subpackages are the doors:
// overhttp serves a whole service in one process, inlambda one operation in one
// Lambda function.
package operation

import (
	"context"
	"errors"
	"log/slog"
	"maps"
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

	// DefaultConcurrency is how many calls one process works on at a time; a door that
	// gets more refuses them at once, so that a flood can't exhaust memory.
	DefaultConcurrency = 1024
)

// Kind says through which doors an operation is reached.
type Kind int

// The kinds. See New, NewStream and NewTask.
const (
	Answer Kind = iota // a request and one answer: REST API, HTTP
	Stream             // a request and an answer in lines, as they come: Function URL, HTTP
	Task               // a JSON value in and one out: state machine, table stream
)

// Request is what a door hands over, whatever its protocol.
type Request struct {
	Path   map[string]string // the route's parameters, decoded
	Query  map[string]string // the first value of each
	Header map[string]string // lower-case names, the first value of each
	Body   []byte
	Caller string // the caller's IP address, where it is known
	Signer string // the IAM principal that signed the request, where one did
}

// First returns the first value of each name, under its new name: what a Request has
// of the query string and of the headers, where a door is handed all values.
func First(values map[string][]string, rename func(string) string) map[string]string {
	flat := make(map[string]string, len(values))
	for name, all := range values {
		if len(all) > 0 {
			flat[rename(name)] = all[0]
		}
	}
	return flat
}

// AsItIs is the rename of First that changes nothing.
func AsItIs(name string) string { return name }

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
	Name        string // what _HANDLER, logs, events and the README call it
	Kind        Kind
	Method      string        // HTTP method; none for a task
	Also        []string      // other routes to it, such as "POST /orders/"
	Path        string        // in the syntax of http.ServeMux, as in "/{endpoint}/lock"; none for a task
	Operator    bool          // for operators only: deployed, it always needs IAM
	MaxBody     int64         // bytes
	Timeout     time.Duration // from the door to the answer, or to the last line
	Concurrency int           // calls that a process works on at a time

	largeIsInvalid bool // see LargeIsInvalid
	namedErrors    bool // see NamedErrors

	serve  func(context.Context, Request) (any, error)                // Answer, Task
	stream func(context.Context, Request, func(line any) error) error // Stream
}

// Option changes a limit of an operation.
type Option func(*Operation)

// MaxBody sets the largest body, in bytes, that the operation reads.
func MaxBody(bytes int64) Option { return func(o *Operation) { o.MaxBody = bytes } }

// LargeIsInvalid makes a body that is too large bad input like any other (HTTP 400
// with the field "body"), where the contract knows no 413.
func LargeIsInvalid() Option { return func(o *Operation) { o.largeIsInvalid = true } }

// NamedErrors gives the operation's errors a name for programs to go by, beside the
// message for people: {"error": NAME, "message": text} instead of {"error": text}. A
// failure without a Name has one for its kind.
func NamedErrors() Option { return func(o *Operation) { o.namedErrors = true } }

// Also adds another route to the operation, with the same parameters.
func Also(route string) Option { return func(o *Operation) { o.Also = append(o.Also, route) } }

// Timeout sets for how long the operation may work.
func Timeout(d time.Duration) Option { return func(o *Operation) { o.Timeout = d } }

// Concurrency sets how many calls a process works on at a time.
func Concurrency(calls int) Option { return func(o *Operation) { o.Concurrency = calls } }

// ForOperators marks an operation that is not for everybody.
func ForOperators() Option { return func(o *Operation) { o.Operator = true } }

// New makes an operation of fn. The route is a method and a path, as in
// "POST /{endpoint}/lock". How fields of In are filled is said at Bind.
func New[In, Out any](name, route string, fn Func[In, Out], options ...Option) Operation {
	o := routed(name, route, Answer, options)
	o.serve = func(ctx context.Context, r Request) (any, error) {
		var in In
		if err := Bind(r, &in); err != nil {
			return nil, err
		}
		return fn(ctx, in)
	}
	return o
}

// NewRaw makes an operation of a protocol's own handler: fn is handed the request as it
// came, and what it answers goes back as it is.
func NewRaw(name, route string, fn func(context.Context, Request) (Response, error), options ...Option) Operation {
	o := routed(name, route, Answer, options)
	o.serve = func(ctx context.Context, r Request) (any, error) { return fn(ctx, r) }
	return o
}

func routed(name, route string, kind Kind, options []Option) Operation {
	method, path, ok := strings.Cut(route, " ")
	if !ok {
		panic("operation " + name + ": a route is a method, a space and a path, not " + route)
	}
	o := limited(name, kind, options)
	o.Method, o.Path = method, path
	return o
}

func limited(name string, kind Kind, options []Option) Operation {
	o := Operation{Name: name, Kind: kind, MaxBody: DefaultMaxBody, Timeout: DefaultTimeout, Concurrency: DefaultConcurrency}
	for _, change := range options {
		change(&o)
	}
	return o
}

// Handle runs the operation: it decodes, validates, calls and maps the error. It
// always has an answer, also when the operation panics.
func (o Operation) Handle(ctx context.Context, r Request) (answer Response) {
	ctx, cancel := context.WithTimeout(WithName(ctx, o.Name), o.Timeout)
	defer cancel()
	defer func() {
		if err := o.recovered(ctx, recover()); err != nil {
			answer = o.Fail(failure.Of(err))
		}
	}()
	if int64(len(r.Body)) > o.MaxBody {
		return o.Fail(o.TooLarge())
	}
	out, err := o.serve(ctx, r)
	if err != nil {
		return o.failed(ctx, err)
	}
	return o.succeeded(ctx, out)
}

// Outcome is what an answer may say beside its content: implemented by an Out, it is
// asked which kind of success this is.
type Outcome interface{ Success() Success }

// Headed is an answer that has headers beside its content: implemented by an Out, it is
// asked for them.
type Headed interface{ Header() map[string]string }

// Success is a kind of success; its value is the HTTP status that stands for it.
type Success int

// The kinds of success.
const (
	Done     Success = 200 // what an answer without an Outcome is
	Created  Success = 201
	Accepted Success = 202 // begun, but not done yet
	Empty    Success = 204 // there is nothing to say
	Declined Success = 409 // answered in full, but the answer is no
)

func (o Operation) succeeded(ctx context.Context, out any) Response {
	if raw, is := out.(Response); is {
		return raw
	}
	success := Done
	if known, ok := out.(Outcome); ok {
		success = known.Success()
	}
	if success == Empty {
		return Response{Status: int(Empty), Header: map[string]string{}}
	}
	body, err := json.Marshal(out, json.Deterministic(true))
	if err != nil {
		return o.failed(ctx, err)
	}
	r := Response{Status: int(success), Header: jsonHeader(), Body: body}
	if headed, has := out.(Headed); has {
		maps.Copy(r.Header, headed.Header())
	}
	return r
}

// recovered turns what recover returned into an error, and logs it.
func (o Operation) recovered(ctx context.Context, p any) error {
	if p == nil {
		return nil
	}
	slog.ErrorContext(ctx, "panic", "operation", o.Name, "panic", p, "stack", string(debug.Stack()))
	return failure.New(failure.Internal, "internal error")
}

// failed maps an error and logs it, once, if it is not the caller's fault.
func (o Operation) failed(ctx context.Context, err error) Response {
	f := failure.Of(err)
	if f.Code == failure.Internal && ctx.Err() != nil {
		f = &failure.Error{Code: failure.Timeout, Message: "the time for this request is over", Err: err}
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled): // the caller hung up; nobody reads the answer
		slog.DebugContext(ctx, "given up", "operation", o.Name, "error", err.Error())
	case f.Code == failure.Busy:
		slog.WarnContext(ctx, "busy", "operation", o.Name, "error", err.Error())
	case f.Code.HTTPStatus() >= 500:
		slog.ErrorContext(ctx, "failed", "operation", o.Name, "code", f.Code.String(), "error", err.Error())
	}
	return o.Fail(f)
}
