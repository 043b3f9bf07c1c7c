// Package overhttp serves operations over HTTP in one process: `make run` and
// tests. It says to every caller what the same operations say behind a REST API.
package overhttp

import (
	"errors"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

// Mount is a handler of another protocol, for the paths under a prefix such as
// "/toystore.v1.ToyStore/". It keeps its own limits.
type Mount struct {
	Prefix  string
	Handler http.Handler
}

// Handler mounts the operations by their routes, and others beside them. Every answer
// of an operation is JSON, also 404 and 405. Any origin may call it from a page (CORS).
// Safe for concurrent use.
func Handler(operations []operation.Operation, beside ...Mount) http.Handler {
	mux := http.NewServeMux()
	for _, m := range beside {
		mux.Handle(m.Prefix, m.Handler)
	}
	for _, o := range operations {
		if o.Kind != operation.Task { // those are AWS's to run
			handler := limited(o, endpoint(o))
			mux.Handle(o.Method+" "+o.Path, handler)
			for _, route := range o.Also {
				mux.Handle(exactly(route), handler)
			}
		}
	}
	fail := operation.Fail
	if len(operations) > 0 { // a service's errors have one form
		fail = operations[0].Fail
	}
	return cors(jsonErrors(mux, fail))
}

// exactly keeps a route that ends with a slash from standing for all that is below.
func exactly(route string) string {
	if strings.HasSuffix(route, "/") {
		return route + "{$}"
	}
	return route
}

// endpoint is one operation as a handler.
func endpoint(o operation.Operation) http.Handler {
	parameters := parametersOf(o.Path)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, o.MaxBody))
		if err != nil {
			write(w, o.Fail(bodyFailure(err, o)))
			return
		}
		request := operation.Request{
			Path:   make(map[string]string, len(parameters)),
			Query:  operation.First(r.URL.Query(), operation.AsItIs),
			Header: operation.First(r.Header, strings.ToLower),
			Body:   body,
		}
		for _, name := range parameters {
			request.Path[name] = r.PathValue(name)
		}
		request.Caller, _, _ = net.SplitHostPort(r.RemoteAddr)
		if o.Kind == operation.Stream {
			stream(w, r, o, request)
			return
		}
		write(w, o.Handle(r.Context(), request))
	})
}

func bodyFailure(err error, o operation.Operation) *failure.Error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return o.TooLarge()
	}
	return failure.New(failure.Invalid, "the body did not arrive whole")
}

// parametersOf returns the names in braces of a route's path.
func parametersOf(route string) []string {
	var names []string
	for segment := range strings.SplitSeq(route, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, strings.Trim(segment, "{}"))
		}
	}
	return names
}

func write(w http.ResponseWriter, answer operation.Response) {
	for name, value := range answer.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // the caller may be gone; nobody is left to tell
}

// limited refuses what is above the operation's limit of requests at a time.
func limited(o operation.Operation, next http.Handler) http.Handler {
	slots := make(chan struct{}, o.Concurrency)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		default:
			busy := failure.New(failure.Busy, "too many requests at once")
			busy.RetryAfter = time.Second
			write(w, o.Fail(busy))
		}
	})
}

// jsonErrors answers in JSON what ServeMux would answer in plain text, 404 and 405
// with its Allow header, and answers 404 where ServeMux would redirect: a path such
// as "/x/../a/lock" is no operation's, and following it must not lock anything.
func jsonErrors(mux *http.ServeMux, fail func(*failure.Error) operation.Response) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		asked := r.URL.EscapedPath()
		clean := path.Clean("/" + asked)
		if pattern != "" && (clean == asked || clean+"/" == asked && strings.HasSuffix(pattern, "/{$}")) {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &discard{header: http.Header{}}
		handler.ServeHTTP(probe, r)
		answer := fail(failure.New(failure.NotFound, "no such path"))
		if probe.status == http.StatusMethodNotAllowed {
			answer = fail(failure.New(failure.NotFound, "method %s is not allowed here", r.Method))
			answer.Status = probe.status
			answer.Header["Allow"] = probe.header.Get("Allow")
		}
		write(w, answer)
	})
}

// discard keeps an answer's status and headers, and drops its body.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
