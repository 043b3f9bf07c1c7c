// Package rpc is the toy store's way in for gRPC, gRPC-Web and Connect: one handler for
// all three on a long-running server, and an operation for Connect in Lambda.
package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"

	"lockstep/functions/toystore"
	"lockstep/shared/operation"
	"lockstep/shared/proto/toystore/v1/toystorev1connect"
)

// Limits of a call.
const (
	DefaultWorkers = 1000                     // calls in flight
	MaxBytes       = 64 << 10                 // of a request, also once it is decompressed
	Timeout        = operation.DefaultTimeout // a client's deadline may be shorter
)

// maxReflections is how many may look the services up at a time: such a stream stays
// open for as long as the client likes, up to Timeout, and must not take a buyer's place.
const maxReflections = 100

// worthCompressing is the size in bytes from which an answer is compressed, for clients
// that ask for it, as connect-go does each time. A purchase answers with fewer than ten.
const worthCompressing = 1 << 10

// Handler serves toystore.v1.ToyStore in gRPC, gRPC-Web and Connect (binary and JSON),
// with gRPC's health service (Check) and server reflection (v1 and v1alpha). Of
// ToyStore's calls, workers may be in flight (0: DefaultWorkers); one above that is told
// RESOURCE_EXHAUSTED at once. gRPC needs a server that speaks HTTP/2. Safe for
// concurrent use.
func Handler(service *toystore.Service, workers int) http.Handler {
	names := []string{toystorev1connect.ToyStoreName, grpchealth.HealthV1ServiceName}
	reflector := grpcreflect.NewStaticReflector(names...)
	checker := grpchealth.NewStaticChecker(names...)
	reflections := make(chan struct{}, maxReflections)

	all := services{}
	all.add(toys(service, workers))
	all.add(grpchealth.NewHandler(checker, options()...))
	for _, version := range []func(*grpcreflect.Reflector, ...connect.HandlerOption) (string, http.Handler){
		grpcreflect.NewHandlerV1, grpcreflect.NewHandlerV1Alpha,
	} {
		path, handler := version(reflector, options()...)
		all.add(path, limited(reflections, handler))
	}
	return timed(all)
}

// toys returns ToyStore's handler, and the path that it is for.
func toys(service *toystore.Service, workers int) (path string, handler http.Handler) {
	if workers == 0 {
		workers = DefaultWorkers
	}
	path, handler = toystorev1connect.NewToyStoreHandler(&store{service},
		append(options(), connect.WithInterceptors(connect.UnaryInterceptorFunc(mapErrors)))...)
	return path, limited(make(chan struct{}, workers), handler)
}

// options are those of every service here.
func options() []connect.HandlerOption {
	return []connect.HandlerOption{
		connect.WithReadMaxBytes(MaxBytes),
		connect.WithCompressMinBytes(worthCompressing),
		connect.WithRecover(recovered),
	}
}

// recovered is what the caller is told of a panic.
func recovered(ctx context.Context, spec connect.Spec, _ http.Header, p any) error {
	slog.ErrorContext(ctx, "panic", "procedure", spec.Procedure, "panic", p, "stack", string(debug.Stack()))
	return connect.NewError(connect.CodeInternal, errors.New("internal error"))
}

// services finds a handler by the path up to its last slash. Unlike http.ServeMux it
// never redirects: a path that is not a procedure's as it stands is nobody's.
type services map[string]http.Handler

func (s services) add(path string, handler http.Handler) { s[path] = handler }

// ServeHTTP implements http.Handler.
func (s services) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler := s[r.URL.Path[:strings.LastIndexByte(r.URL.Path, '/')+1]]
	if handler == nil {
		http.NotFound(w, r)
		return
	}
	handler.ServeHTTP(w, r)
}

// timed gives a call its time, and a body as long to arrive: a handler that waits for a
// body does not look at its context.
func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), Timeout)
		defer cancel()
		// What has no connection, as in Lambda, has its body already.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(Timeout))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// limited refuses, in the caller's protocol, a call that finds no free slot. It is asked
// before the body is read, so that a flood costs neither time nor memory.
func limited(slots chan struct{}, next http.Handler) http.Handler {
	refusals := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		default:
			_ = refusals.Write(w, r, tooMany()) // the caller may be gone; nobody is left to tell
		}
	})
}
