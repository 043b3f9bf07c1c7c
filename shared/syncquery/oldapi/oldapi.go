// Package oldapi speaks the old HTTP API of lockable endpoints, which knows no
// owners and no waiting, over any transport. It makes one attempt a call and
// turns answers into the errors of package syncquery.
package oldapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/valyala/fastjson"

	"lockstep/shared/syncquery"
)

// Request is one HTTP request; a nil body is none.
type Request struct {
	Method string
	Path   string            // escaped, from the root of the API
	Header map[string]string // beside those that the transport sets
	Body   []byte            // JSON
}

// Response is its answer.
type Response struct {
	Status int
	Body   []byte
}

// Transport makes one HTTP call and does not repeat it. A request that never left,
// so that it can't have had an effect, is syncquery.ErrUnreachable where there is no
// server, else syncquery.ErrNotDone. With any other error, no whole answer came.
// Safe for concurrent use.
type Transport interface {
	Do(ctx context.Context, r Request) (Response, error)
}

// MaxInFlight is how many calls one client has under way at a time; old servers
// listen with a backlog of 128.
const MaxInFlight = 96

// MaxBody is the largest answer that a transport reads, in bytes.
const MaxBody = 16 << 20

// Client implements syncquery.Server. Safe for concurrent use.
type Client struct {
	transport Transport
	slots     chan struct{}
	calls     atomic.Int64
	locks     atomic.Int64
}

var _ syncquery.Server = (*Client)(nil)

// New returns a client over the transport.
func New(transport Transport) *Client {
	return &Client{transport: transport, slots: make(chan struct{}, MaxInFlight)}
}

// Calls returns how many HTTP calls were made so far.
func (c *Client) Calls() int64 { return c.calls.Load() }

// Locks returns how many locks were taken so far.
func (c *Client) Locks() int64 { return c.locks.Load() }

// Registry implements syncquery.Server.
func (c *Client) Registry(ctx context.Context) (syncquery.Registry, error) {
	body, err := c.Call(ctx, Request{Method: "GET", Path: "/registry"}, nil)
	if err != nil {
		return nil, err
	}
	return syncquery.ParseRegistry(body)
}

// Lock implements syncquery.Server.
func (c *Client) Lock(ctx context.Context, endpoint string) error {
	_, err := c.Call(ctx, Request{Method: "POST", Path: lockPath(endpoint)}, map[int]error{
		403: syncquery.ErrAlreadyLocked, 404: syncquery.ErrEndpointNotFound,
	})
	if err == nil {
		c.locks.Add(1)
	}
	return err
}

// Unlock implements syncquery.Server.
func (c *Client) Unlock(ctx context.Context, endpoint string) error {
	_, err := c.Call(ctx, Request{Method: "DELETE", Path: lockPath(endpoint)}, map[int]error{
		403: syncquery.ErrAlreadyUnlocked, 404: syncquery.ErrEndpointNotFound,
	})
	return err
}

// Read implements syncquery.Server.
func (c *Client) Read(ctx context.Context, endpoint string, resource int64) (string, error) {
	path := "/" + Escape(endpoint) + "/resource/" + strconv.FormatInt(resource, 10)
	body, err := c.Call(ctx, Request{Method: "GET", Path: path}, map[int]error{
		403: syncquery.ErrNotLocked, 404: syncquery.ErrResourceNotServed,
	})
	if err != nil {
		return "", err
	}
	answer, err := fastjson.ParseBytes(body)
	if err != nil || answer.Get("state") == nil || answer.Get("state").Type() != fastjson.TypeString {
		return "", fmt.Errorf("GET %s: the answer is not {\"state\": \"...\"}", path)
	}
	return string(answer.GetStringBytes("state")), nil
}

// PutEndpoint adds an endpoint, or replaces what it serves; old servers can't.
func (c *Client) PutEndpoint(ctx context.Context, endpoint string, resources []int64) error {
	body := append(AppendIDs([]byte(`{"resources":`), resources), '}')
	_, err := c.Call(ctx, Request{Method: "PUT", Path: "/" + Escape(endpoint), Body: body}, nil)
	return err
}

func lockPath(endpoint string) string { return "/" + Escape(endpoint) + "/lock" }

// CountLocks adds to Locks what another API has locked by the same client.
func (c *Client) CountLocks(n int) { c.locks.Add(int64(n)) }

// Call makes a call and returns the body of a 2xx, or else the error of the
// status: those that the caller names, with the body, and those that every route can
// answer.
func (c *Client) Call(ctx context.Context, r Request, meaning map[int]error) ([]byte, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%s %s: %w: %w", r.Method, r.Path, syncquery.ErrNotDone, context.Cause(ctx))
	}
	c.calls.Add(1)
	answer, err := c.transport.Do(ctx, r)
	switch {
	case errors.Is(err, syncquery.ErrUnreachable), errors.Is(err, syncquery.ErrNotDone):
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	case err != nil:
		return nil, fmt.Errorf("%s %s: %w: %w", r.Method, r.Path, syncquery.ErrAnswerLost, err)
	case answer.Status >= 200 && answer.Status < 300:
		return answer.Body, nil
	}
	if known := cmp.Or(meaning[answer.Status], everywhere(answer.Status)); known != nil {
		return answer.Body, fmt.Errorf("%s %s: %w (%d%s)", r.Method, r.Path, known, answer.Status, message(answer.Body))
	}
	return nil, fmt.Errorf("%s %s: unexpected answer %d%s", r.Method, r.Path, answer.Status, message(answer.Body))
}

// everywhere is the error of statuses that any route can answer. A server that
// says 500 has run into something before it did what was asked; a gateway that
// says 502 or 504 does not know what the server behind it did.
func everywhere(status int) error {
	switch {
	case status == 429, status == 500, status == 503:
		return syncquery.ErrNotDone
	case status > 500:
		return syncquery.ErrAnswerLost
	default:
		return nil
	}
}

// message is what the body of an error says, if it is of the API's form; old
// servers answer some errors in HTML.
func message(body []byte) string {
	answer, err := fastjson.ParseBytes(body)
	if err != nil {
		return ""
	}
	text := answer.GetStringBytes("error")
	if len(text) == 0 {
		return ""
	}
	return ": " + string(text)
}
