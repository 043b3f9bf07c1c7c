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
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	"lockstep/wasmclient/remote"
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
	var connected atomic.Bool // before that nothing can have been sent
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	out, err := http.NewRequestWithContext(traced, r.method, c.base+r.path, body)
	if err != nil {
		return nil, &toystore.Error{Message: err.Error(), Err: err}
	}
	if r.body != nil {
		out.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		out.Header.Set("Idempotency-Key", r.key)
	}
	response, err := c.client.Do(out)
	if err == nil {
		return response, nil
	}
	lost := remote.Lost(ctx, c.base, errors.Unwrap(err)) // without method and URL, which it names already
	if !connected.Load() {
		lost.InDoubt = false
		if network := new(net.OpError); ctx.Err() == nil && !errors.As(err, &network) { // a wrap's refusal, TLS
			lost.Message, lost.Passing = fmt.Sprintf("%s: not sent: %v", c.base, errors.Unwrap(err)), false
		}
	}
	return nil, lost
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
	switch status {
	case http.StatusNotFound:
		failed.Message += " (is this a toy store's address?)"
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		failed.Passing = true
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
			failed.After = time.Duration(min(seconds, 3600)) * time.Second
		}
	}
	return failed
}
