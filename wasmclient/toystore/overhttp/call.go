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
	"lockstep/wasmclient/toystore"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 8 << 20

type request struct {
	method, path string
	key          string // the idempotency key
	body         any    // nil for none
	also         int    // a status that is an answer too, besides 200
}

// answer is the body of an answer.
type answer struct {
	base string
	body []byte
}

func (a answer) into(target any) error {
	if err := json.Unmarshal(a.body, target); err != nil {
		return toystore.Wrong(a.base, "%v", err)
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
	if response.StatusCode != http.StatusOK && response.StatusCode != r.also {
		return answer{}, c.refused(response, body)
	}
	return answer{c.base, body}, nil
}

func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	return overhttp.Send(ctx, c.client, overhttp.Request{Method: r.method, Base: c.base, Path: r.path, Key: r.key, Body: r.body})
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
	says := cmp.Or(said.Error, said.Message, http.StatusText(response.StatusCode))
	status := response.StatusCode
	if status == http.StatusNotFound && said.Error != "" && said.Error != noSuchPath {
		return toystore.ErrNoSuchToy
	}
	failed := &toystore.Error{Message: fmt.Sprintf("%s: %d: %s", c.base, status, says), InDoubt: status >= 500}
	failed.Passing, failed.After = overhttp.Passing(response)
	if status == http.StatusNotFound {
		failed.Message += " (is this a toy store's address?)"
	}
	return failed
}
