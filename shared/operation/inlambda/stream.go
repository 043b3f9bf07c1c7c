package inlambda

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdaurl"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

// Stream is a stream operation as aws-lambda-go wants it, for a Function URL with
// InvokeMode RESPONSE_STREAM. lambdaurl neither recovers a panic nor tells that a
// stream broke off: operation.Stream does the former, the body that is returned
// here the latter, by ending in an error, which the runtime reports as such.
func Stream(o operation.Operation) func(context.Context, *events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLStreamingResponse, error) {
	return func(ctx context.Context, e *events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLStreamingResponse, error) {
		broken := new(atomic.Pointer[error])
		wrapped := lambdaurl.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := streamTo(w, r, o); err != nil {
				broken.Store(&err)
			}
		}))
		response, err := wrapped(ctx, e)
		if err == nil {
			response.Body = &honest{body: response.Body, broken: broken}
		}
		return response, err
	}
}

func streamTo(w http.ResponseWriter, r *http.Request, o operation.Operation) error {
	out := sink{w}
	body, err := io.ReadAll(io.LimitReader(r.Body, o.MaxBody+1)) // one more than it takes
	if err != nil {
		answer := operation.Fail(failure.InvalidField("body", "the body is not valid base64"))
		out.Begin(answer.Status, answer.Header)
		return out.Send(answer.Body)
	}
	request := operation.Request{
		Path:   valuesOf(o.Path, r.URL.EscapedPath()),
		Query:  operation.First(r.URL.Query(), operation.AsItIs),
		Header: operation.First(r.Header, strings.ToLower),
		Body:   body, Caller: r.RemoteAddr,
	}
	return o.Stream(r.Context(), request, out)
}

// valuesOf returns the parameters that a route has in a path, decoded; a Function URL
// knows no routes. A path of another form has none.
func valuesOf(route, path string) map[string]string {
	values := map[string]string{}
	names, parts := strings.Split(route, "/"), strings.Split(path, "/")
	if len(names) != len(parts) {
		return values
	}
	for i, name := range names {
		plain, err := url.PathUnescape(parts[i])
		if strings.HasPrefix(name, "{") && err == nil {
			values[strings.Trim(name, "{}")] = plain
		}
	}
	return values
}

// sink writes into lambdaurl's pipe, which has no buffer: what is written is sent.
type sink struct{ w http.ResponseWriter }

func (s sink) Begin(status int, header map[string]string) {
	for name, value := range header {
		s.w.Header().Set(name, value)
	}
	s.w.WriteHeader(status)
}

func (s sink) Send(part []byte) error {
	_, err := s.w.Write(part)
	return err
}

// honest is a body that ends in an error if the stream broke off.
type honest struct {
	body   io.Reader
	broken *atomic.Pointer[error]
}

func (h *honest) Read(p []byte) (int, error) {
	n, err := h.body.Read(p)
	if err == io.EOF {
		if broken := h.broken.Load(); broken != nil {
			return n, *broken
		}
	}
	return n, err
}

// Close tells the stream that nobody reads any more.
func (h *honest) Close() error {
	if closer, ok := h.body.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}
