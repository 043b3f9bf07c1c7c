package overhttp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"lockstep/wasmclient/remote"
	"lockstep/wasmclient/remote/overhttp"
	"lockstep/wasmclient/shop"
)

// maxAnswer is how much of an answer is read, in bytes; a page has at most 4 MB.
const maxAnswer = 8 << 20

type request struct {
	method, path string
	key          string // the idempotency key
	body         any    // nil for none
	status       int    // of the answer hoped for; 0 for 200
}

// answer is an answer that was read whole.
type answer struct {
	base   string
	header http.Header
	body   []byte
}

func (a answer) into(target any) error {
	if err := json.Unmarshal(a.body, target); err != nil {
		return shop.Wrong(a.base, "%v", err)
	}
	return nil
}

// call makes a request, once (net/http itself repeats what has a key, or is a GET, on
// a connection that was just closed).
func (c *Client) call(ctx context.Context, r request) (answer, error) {
	response, err := c.send(ctx, r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, remote.Lost(ctx, c.base, err)
	}
	if response.StatusCode != cmp.Or(r.status, http.StatusOK) {
		return answer{}, c.refused(response, body)
	}
	return answer{c.base, response.Header, body}, nil
}

func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	return overhttp.Send(ctx, c.client, overhttp.Request{Method: r.method, Base: c.base, Path: r.path, Key: r.key, Body: r.body})
}

// theirs are the codes of a shop's own 404.
var theirs = map[string]bool{shop.ProductNotFound: true, shop.OrderNotFound: true}

// refused is the error of an answer that is none.
func (c *Client) refused(response *http.Response, body []byte) error {
	var said struct {
		Error   string `json:"error"`
		Message string `json:"message"` // also an API gateway's word for it
	}
	_ = json.Unmarshal(body, &said)
	status := response.StatusCode
	failed := &shop.Error{
		Code:    said.Error,
		Message: fmt.Sprintf("%s: %d: %s", c.base, status, cmp.Or(said.Message, said.Error, http.StatusText(status))),
		InDoubt: status >= 500,
	}
	failed.Passing, failed.After = overhttp.Passing(response)
	if status == http.StatusNotFound && !theirs[said.Error] {
		failed.Message += " (is this a shop's address?)"
	}
	if status < 400 { // another success than the contract's, or a redirect
		failed.Message = fmt.Sprintf("%s answers what no shop does: status %d", c.base, status)
		failed.InDoubt = status < 300
	}
	return failed
}
