// Package overhttp speaks with the toy store over HTTP.
package overhttp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"lockstep/wasmclient/remote/overhttp"
	"lockstep/wasmclient/toystore"
)

// Client is a client of one store, with connections of its own. Use New.
type Client struct {
	base      string
	client    *http.Client
	transport *http.Transport
}

var _ toystore.Client = (*Client)(nil)

// Wrap puts something around what sends requests, such as a signer.
type Wrap = overhttp.Wrap

// New returns a client of the server at base, as in http://127.0.0.1:8082. Each of
// wraps goes around those before it; a request that one of them refuses was not sent.
func New(base string, wraps ...Wrap) *Client {
	client, transport := overhttp.NewClient(100, wraps...)
	return &Client{base: base, transport: transport, client: client}
}

// Query implements toystore.Client.
func (c *Client) Query(ctx context.Context, name string) (toystore.Toy, error) {
	if err := toystore.CheckName(name); err != nil { // an empty one would be another path
		return toystore.Toy{}, &toystore.Error{Message: err.Error()}
	}
	got, err := c.call(ctx, request{method: http.MethodGet, path: toyPath(name)})
	if err != nil {
		return toystore.Toy{}, err
	}
	var toy toystore.Toy
	return toy, got.into(&toy)
}

// Buy implements toystore.Client.
func (c *Client) Buy(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	if err := p.Check(); err != nil {
		return toystore.Sale{}, &toystore.Error{Message: err.Error()}
	}
	wanted := struct {
		Quantity int64 `json:"quantity"`
	}{p.Quantity}
	got, err := c.call(ctx, request{
		method: http.MethodPost, path: toyPath(p.Toy) + "/buy", key: p.Key, body: wanted, also: http.StatusConflict,
	})
	if err != nil {
		return toystore.Sale{}, err
	}
	var sold struct {
		Result string `json:"result"`
		Stock  int64  `json:"stock"`
	}
	if err := got.into(&sold); err != nil {
		return toystore.Sale{}, err
	}
	for _, result := range []toystore.Result{toystore.Bought, toystore.OutOfStock} {
		if sold.Result == result.String() {
			return toystore.Sale{Result: result, Stock: sold.Stock}, nil
		}
	}
	return toystore.Sale{}, toystore.Wrong(c.base, "result %.40q", sold.Result)
}

// Put creates a toy, or sets its price and its stock, whatever was sold meanwhile.
// Errors: *toystore.Error.
func (c *Client) Put(ctx context.Context, toy toystore.Toy) error {
	if err := toy.Check(); err != nil {
		return &toystore.Error{Message: err.Error()}
	}
	_, err := c.call(ctx, request{method: http.MethodPut, path: toyPath(toy.Name), body: toy})
	return err
}

// maxPage is how many toys a page of the list has at most.
const maxPage = 1000

// List returns the toys by name, limit of them at most, 0 for all.
// Errors: *toystore.Error.
func (c *Client) List(ctx context.Context, limit int) ([]toystore.Toy, error) {
	all := []toystore.Toy{}
	for cursor := ""; ; {
		size := maxPage
		if limit > 0 {
			size = min(size, limit-len(all))
		}
		query := url.Values{"limit": {fmt.Sprint(size)}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		got, err := c.call(ctx, request{method: http.MethodGet, path: "/toys?" + query.Encode()})
		if err != nil {
			return nil, err
		}
		var page struct {
			Toys   []toystore.Toy `json:"toys"`
			Cursor string         `json:"cursor"`
		}
		if err := got.into(&page); err != nil {
			return nil, err
		}
		all = append(all, page.Toys...)
		if page.Cursor == "" || limit > 0 && len(all) >= limit {
			return all, nil
		}
		if len(page.Toys) == 0 || page.Cursor == cursor { // it would never end
			return nil, toystore.Wrong(c.base, "a list that goes on with nothing")
		}
		cursor = page.Cursor
	}
}

// Close implements toystore.Client.
func (c *Client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

func toyPath(name string) string {
	if name == "." || name == ".." { // which a path would take for a folder
		return "/toys/" + strings.ReplaceAll(name, ".", "%2E")
	}
	return "/toys/" + url.PathEscape(name)
}
