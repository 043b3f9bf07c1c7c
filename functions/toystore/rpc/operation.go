package rpc

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"lockstep/functions/toystore"
	"lockstep/shared/operation"
)

// maxLambdaBody is the size in bytes from which a body is refused without Connect, which
// refuses those above MaxBytes in the words that its clients know.
const maxLambdaBody = 1 << 20

// Operation is ToyStore for a REST API: the Connect protocol's unary calls, in JSON or
// binary. gRPC and gRPC-Web are refused there, and answers are never compressed: both
// would depend on what an API does to bodies and trailers. For workers see Handler.
func Operation(service *toystore.Service, workers int) operation.Operation {
	if workers == 0 {
		workers = DefaultWorkers
	}
	path, handler := toys(service, workers)
	// No more than this service: neither reflection nor health, whatever the path's end says.
	handler = timed(services{path: handler})
	call := func(ctx context.Context, r operation.Request) (operation.Response, error) {
		if strings.HasPrefix(strings.ToLower(r.Header["content-type"]), "application/grpc") {
			return noGRPC(), nil
		}
		answer := recorder{header: http.Header{}, status: http.StatusOK}
		handler.ServeHTTP(&answer, requestOf(ctx, path, r))
		return answer.response(), nil
	}
	return operation.NewRaw("rpc", "POST "+path+"{method}", call,
		operation.MaxBody(maxLambdaBody), operation.Concurrency(workers))
}

// noGRPC must come before the call: its purchase would be made, and its outcome lost
// with the trailers.
func noGRPC() operation.Response {
	return operation.Response{
		Status: http.StatusUnsupportedMediaType,
		Header: map[string]string{"Content-Type": "application/json", "Accept-Post": "application/json, application/proto"},
		Body:   []byte(`{"code":"unimplemented","message":"gRPC does not pass through a REST API: use the Connect protocol"}`),
	}
}

func requestOf(ctx context.Context, path string, r operation.Request) *http.Request {
	request := http.Request{
		Method:        http.MethodPost,
		URL:           &url.URL{Path: path + r.Path["method"]},
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        make(http.Header, len(r.Header)),
		Body:          io.NopCloser(bytes.NewReader(r.Body)),
		ContentLength: int64(len(r.Body)),
		RemoteAddr:    r.Caller,
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	request.Header.Del("Accept-Encoding")
	return request.WithContext(ctx)
}

// recorder keeps an answer.
type recorder struct {
	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if !r.written {
		r.status, r.written = status, true
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.written = true
	return r.body.Write(p)
}

func (r *recorder) response() operation.Response {
	header := make(map[string]string, len(r.header))
	for name, values := range r.header {
		header[name] = strings.Join(values, ", ")
	}
	return operation.Response{Status: r.status, Header: header, Body: r.body.Bytes()}
}
