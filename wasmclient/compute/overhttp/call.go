package overhttp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"lockstep/wasmclient/compute"
	"lockstep/wasmclient/remote/overhttp"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 8 << 20

// post makes a request with a body of JSON, and returns the body of its answer.
func (c *Client) post(ctx context.Context, path string, want int, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return c.call(ctx, http.MethodPost, path, want, bytes.NewReader(text))
}

// call makes a request, once, and returns the body of its answer.
func (c *Client) call(ctx context.Context, method, path string, want int, body io.Reader) ([]byte, error) {
	response, err := c.send(ctx, method, path, want, body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, c.lost(ctx, err)
	}
	return text, nil
}

// send sends a request, and returns an answer of the status wanted, whose body is to be
// closed.
func (c *Client) send(ctx context.Context, method, path string, want int, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, &compute.Error{Message: err.Error(), Err: err}
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.client.Do(request)
	if err != nil {
		return nil, c.lost(ctx, errors.Unwrap(err)) // without method and URL
	}
	if response.StatusCode == want {
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, c.lost(ctx, err)
	}
	return nil, c.refused(response, text)
}

// noSuchPath is what a server of ours says of a path that it does not serve.
const noSuchPath = "no such path"

// refused is the error of an answer that is none.
func (c *Client) refused(response *http.Response, body []byte) error {
	var said struct {
		Error   string `json:"error"`
		Message string `json:"message"` // an API gateway's word for it
	}
	_ = json.Unmarshal(body, &said)
	status := response.StatusCode
	says := cmp.Or(said.Error, said.Message, http.StatusText(status))
	failed := &compute.Error{Message: fmt.Sprintf("%s: %d: %s", c.base, status, says), Status: status}
	failed.Passing, failed.After = overhttp.Passing(response)
	if status == http.StatusNotFound && (said.Error == "" || said.Error == noSuchPath) {
		failed.Message += " (is this a compute service's address?)"
	}
	return failed
}

// lost is the error of a call that ended without an answer.
func (c *Client) lost(ctx context.Context, err error) error {
	var network *net.OpError
	switch {
	case ctx.Err() != nil:
		return &compute.Error{Message: fmt.Sprintf("%s: %v", c.base, context.Cause(ctx)), Err: context.Cause(ctx)}
	case errors.As(err, &network) && network.Op == "dial":
		message := fmt.Sprintf("%s can't be reached: %v", c.base, network.Err)
		return &compute.Error{Message: message, Unreachable: true, Passing: network.Timeout(), Err: err}
	default:
		return &compute.Error{Message: fmt.Sprintf("%s: no answer: %v", c.base, err), Passing: true, Err: err}
	}
}

// wrong is the error of an answer that no compute service gives.
func (c *Client) wrong(format string, args ...any) error {
	return &compute.Error{Message: c.base + " answers what no compute service does: " + fmt.Sprintf(format, args...)}
}
