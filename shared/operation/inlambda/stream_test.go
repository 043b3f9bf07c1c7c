package inlambda_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/require"

	"lockstep/shared/operation"
	"lockstep/shared/operation/inlambda"
)

type looked struct {
	Name  string `header:"X-Client"`
	Count *int64 `query:"count"`
}

// request is a Function URL's event.
func request() *events.LambdaFunctionURLRequest {
	e := &events.LambdaFunctionURLRequest{
		RawPath: "/x", RawQueryString: "count=2", Headers: map[string]string{"x-client": "me"},
	}
	e.RequestContext.DomainName = "x.lambda-url.us-east-1.on.aws"
	e.RequestContext.HTTP.Method = "GET"
	return e
}

func invoke(t *testing.T, fn operation.StreamFunc[looked]) (*events.LambdaFunctionURLStreamingResponse, string, error) {
	t.Helper()
	response, err := inlambda.Stream(operation.NewStream("x", "GET /x", fn))(t.Context(), request())
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

func TestStream(t *testing.T) {
	t.Parallel()
	response, body, err := invoke(t, func(_ context.Context, in looked, send func(any) error) error {
		return errors.Join(send(in.Name), send(*in.Count))
	})
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, "application/x-ndjson", response.Headers["Content-Type"])
	require.Equal(t, "\"me\"\n2\n", body)
}

// The runtime must learn that the body is not whole: it ends in an error, not at
// an end.
func TestAStreamThatBreaksOffIsNotTakenForAWholeOne(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() error{
		"an error": func() error { return errors.New("broken") },
		"a panic":  func() error { panic("broken") },
	} {
		_, body, err := invoke(t, func(_ context.Context, _ looked, send func(any) error) error {
			_ = send(1)
			return end()
		})
		require.Error(t, err, name)
		require.Equal(t, "1\n", body, name)
	}
}

func TestAStreamThatNeverBeganIsAnAnswer(t *testing.T) {
	t.Parallel()
	response, body, err := invoke(t, func(context.Context, looked, func(any) error) error { panic("secret") })
	require.NoError(t, err)
	require.Equal(t, 500, response.StatusCode)
	require.JSONEq(t, `{"error": "internal error"}`, body)
}

// A Function URL knows no routes: what the path has is found all the same.
func TestAStreamsPath(t *testing.T) {
	t.Parallel()
	type named struct {
		ID string `path:"id"`
	}
	o := operation.NewStream("x", "GET /runs/{id}/progress", func(_ context.Context, in named, send func(any) error) error { return send(in.ID) })
	for path, want := range map[string]string{
		"/runs/R7/progress": `"R7"`, "/runs/a%2Fb/progress": `"a/b"`, "/runs/R7": `""`, "/": `""`, "/runs/R7/progress/": `""`,
	} {
		e := request()
		e.RawPath = path
		response, err := inlambda.Stream(o)(t.Context(), e)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, want+"\n", string(body), path)
	}
}
