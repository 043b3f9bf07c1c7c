// Package overhttp speaks with the compute service over HTTP.
package overhttp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"lockstep/wasmclient/compute"
	"lockstep/wasmclient/remote/overhttp"
)

// Client is a client of one service. Safe for concurrent use. Use New.
type Client struct {
	base      string
	client    *http.Client
	transport *http.Transport
}

var _ compute.Follower = (*Client)(nil)

// Wrap puts something around what sends requests, such as a signer.
type Wrap = overhttp.Wrap

// New returns a client of the service at base, as in http://127.0.0.1:8084. Each of
// wraps goes around those before it.
func New(base string, wraps ...Wrap) *Client {
	client, transport := overhttp.NewClient(0, wraps...)
	return &Client{base: base, transport: transport, client: client}
}

// Close gives the connections up, when no call is under way.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// login is who asks, as every POST says.
type login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

func loginOf(u compute.User) login { return login{string(u), u.Password()} }

// Pi estimates pi by one request. Errors: *compute.Error.
func (c *Client) Pi(ctx context.Context, user compute.User, task compute.Task) (compute.Answer, error) {
	body, err := c.post(ctx, "/pi", http.StatusOK, struct {
		login
		Simulations int64  `json:"simulations"`
		Concurrency int    `json:"concurrency,omitempty"`
		Seed        *int64 `json:"seed,omitempty"`
	}{loginOf(user), task.Simulations, task.Concurrency, task.Seed})
	if err != nil {
		return compute.Answer{}, err
	}
	answer, err := compute.ParseAnswer(body)
	if err != nil {
		return compute.Answer{}, c.wrong("%v", err)
	}
	return answer, nil
}

// Start starts a run of a cluster, and returns its id. Errors: *compute.Error.
func (c *Client) Start(ctx context.Context, user compute.User, run compute.Run) (id string, err error) {
	body, err := c.post(ctx, "/pi/cluster", http.StatusAccepted, struct {
		login
		Simulations int64  `json:"simulations"`
		Shards      int    `json:"shards,omitempty"`
		Seed        *int64 `json:"seed,omitempty"`
	}{loginOf(user), run.Simulations, run.Shards, run.Seed})
	if err != nil {
		return "", err
	}
	var begun struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &begun); err != nil || begun.ID == "" {
		return "", c.wrong("no id of a run: %.100s", body)
	}
	return begun.ID, nil
}

// Progress implements compute.Follower.
func (c *Client) Progress(ctx context.Context, id string, tell func(compute.Progress)) error {
	response, err := c.send(ctx, http.MethodGet, "/pi/cluster/"+url.PathEscape(id)+"/progress", http.StatusOK, nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	for lines := json.NewDecoder(response.Body); ; {
		var line json.RawMessage
		err := lines.Decode(&line)
		wrong := new(json.SyntaxError)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &wrong):
			return c.wrong("%v", err)
		case err != nil:
			return c.lost(ctx, err)
		}
		p, err := compute.ParseProgress(line)
		if err != nil {
			return c.wrong("%v", err)
		}
		tell(p)
	}
}

// Quotes are quotes that were fetched at once.
type Quotes struct {
	Quotes []string `json:"quotes"`

	JSON json.RawMessage `json:"-"` // the object, as the service answers it
}

// Quotes fetches that many quotes by "tcp" or "udp". Errors: *compute.Error.
func (c *Client) Quotes(ctx context.Context, user compute.User, protocol string, concurrency int) (Quotes, error) {
	body, err := c.post(ctx, "/quote", http.StatusOK, struct {
		login
		Protocol    string `json:"protocol"`
		Concurrency int    `json:"concurrency"`
	}{loginOf(user), protocol, concurrency})
	if err != nil {
		return Quotes{}, err
	}
	got := Quotes{JSON: body}
	if err := json.Unmarshal(body, &got); err != nil || len(got.Quotes) != concurrency {
		return Quotes{}, c.wrong("%d quotes of %d (%v)", len(got.Quotes), concurrency, err)
	}
	return got, nil
}

// Logins returns how often each user has logged in. Errors: *compute.Error.
func (c *Client) Logins(ctx context.Context) (map[string]int64, error) {
	body, err := c.call(ctx, http.MethodGet, "/logins", http.StatusOK, nil)
	if err != nil {
		return nil, err
	}
	var logins map[string]int64
	if err := json.Unmarshal(body, &logins); err != nil || logins == nil {
		return nil, c.wrong("no logins: %.100s", body)
	}
	return logins, nil
}
