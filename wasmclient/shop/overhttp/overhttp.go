// Package overhttp speaks with the shop over HTTP.
package overhttp

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lockstep/wasmclient/remote/overhttp"
	"lockstep/wasmclient/shop"
)

// Client is a client of one shop, with connections of its own. Use New.
type Client struct {
	base      string
	client    *http.Client
	transport *http.Transport
}

var _ shop.Client = (*Client)(nil)

// maxIdle is how many connections are kept: as many as there may be users of a load
// test.
const maxIdle = 1000

// Wrap puts something around what sends requests, such as a signer.
type Wrap = overhttp.Wrap

// New returns a client of the server at base, as in http://127.0.0.1:8085. Each of
// wraps goes around those before it; a request that one of them refuses was not sent.
func New(base string, wraps ...Wrap) *Client {
	client, transport := overhttp.NewClient(maxIdle, wraps...)
	return &Client{base: base, transport: transport, client: client}
}

// CreateProduct implements shop.Client.
func (c *Client) CreateProduct(ctx context.Context, p shop.Product) error {
	if err := p.Check(); err != nil {
		return &shop.Error{Message: err.Error()}
	}
	got, err := c.call(ctx, request{method: http.MethodPost, path: "/products", body: p})
	if err != nil {
		return err
	}
	var created struct {
		ID string `json:"id"`
	}
	if err := got.into(&created); err != nil {
		return err
	}
	if created.ID != p.ID {
		return shop.Wrong(c.base, "%q was to be created, and %.200q is", p.ID, created.ID)
	}
	return nil
}

// Product implements shop.Client.
func (c *Client) Product(ctx context.Context, id string) (p shop.Product, err error) {
	if err := shop.CheckID(id); err != nil { // an empty one would be another path
		return p, &shop.Error{Message: err.Error()}
	}
	got, err := c.call(ctx, request{method: http.MethodGet, path: "/products/" + url.PathEscape(id)})
	if err != nil {
		return p, err
	}
	if err := got.into(&p); err != nil {
		return p, err
	}
	if p.ID != id {
		return p, shop.Wrong(c.base, "product %q was asked for, and %.200q comes", id, p.ID)
	}
	return p, nil
}

// DeleteProduct implements shop.Client.
func (c *Client) DeleteProduct(ctx context.Context, id string) error {
	if err := shop.CheckID(id); err != nil {
		return &shop.Error{Message: err.Error()}
	}
	_, err := c.call(ctx, request{method: http.MethodDelete, path: "/products/" + url.PathEscape(id), status: http.StatusNoContent})
	return err
}

// Products implements shop.Client.
func (c *Client) Products(ctx context.Context, page shop.Page) (shop.Listed[shop.Product], error) {
	return list[shop.Product](ctx, c, "/products", page)
}

// CreateOrder implements shop.Client.
func (c *Client) CreateOrder(ctx context.Context, lines []shop.Line, key string) (int64, error) {
	if err := shop.CheckOrder(lines, key); err != nil {
		return 0, &shop.Error{Message: err.Error()}
	}
	wanted := struct {
		Lines []shop.Line `json:"order_details"`
	}{lines}
	got, err := c.call(ctx, request{method: http.MethodPost, path: "/orders", key: key, body: wanted})
	if err != nil {
		return 0, err
	}
	var created struct {
		ID int64 `json:"id"`
	}
	if err := got.into(&created); err != nil {
		return 0, err
	}
	if created.ID < 1 {
		return 0, shop.Wrong(c.base, "an order of the id %d", created.ID)
	}
	return created.ID, nil
}

// Order implements shop.Client.
func (c *Client) Order(ctx context.Context, id int64) (o shop.Details, err error) {
	got, err := c.call(ctx, request{method: http.MethodGet, path: "/orders/" + strconv.FormatInt(id, 10)})
	if err != nil {
		return o, err
	}
	if err := got.into(&o); err != nil {
		return o, err
	}
	if o.ID != id || len(o.Lines) == 0 {
		return o, shop.Wrong(c.base, "order %d was asked for, and %d of %d lines comes", id, o.ID, len(o.Lines))
	}
	return o, nil
}

// Orders implements shop.Client.
func (c *Client) Orders(ctx context.Context, page shop.Page) (shop.Listed[shop.Order], error) {
	return list[shop.Order](ctx, c, "/orders", page)
}

// Close implements shop.Client.
func (c *Client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// list takes one page of a list, and reads from its Link where the next one begins.
func list[T any](ctx context.Context, c *Client, path string, page shop.Page) (listed shop.Listed[T], err error) {
	query := url.Values{}
	if page.Limit > 0 {
		query.Set("limit", strconv.Itoa(page.Limit))
	}
	if page.Cursor != "" {
		query.Set("cursor", page.Cursor)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	got, err := c.call(ctx, request{method: http.MethodGet, path: path})
	if err != nil {
		return listed, err
	}
	if err := got.into(&listed.Entries); err != nil {
		return listed, err
	}
	if listed.Entries == nil {
		return listed, shop.Wrong(c.base, "null for a list")
	}
	listed.Next, err = c.next(got.header.Values("Link"))
	return listed, err
}

// next finds the link to the next page (RFC 8288), nil if there is none. A comma inside
// of <> is no end of a link.
func (c *Client) next(headers []string) (*shop.Page, error) {
	for rest := strings.Join(headers, ", "); ; {
		_, after, is := strings.Cut(rest, "<")
		if !is {
			return nil, nil
		}
		target, parameters, _ := strings.Cut(after, ">")
		parameters, _, _ = strings.Cut(parameters, "<")
		rest = after[len(target):]
		if !strings.Contains(strings.ReplaceAll(parameters, " ", ""), `rel="next"`) {
			continue
		}
		to, err := url.Parse(target)
		if err != nil {
			return nil, shop.Wrong(c.base, "a link to %.200q", target)
		}
		page := shop.Page{Cursor: to.Query().Get("cursor")}
		if limit := to.Query().Get("limit"); limit != "" {
			page.Limit, err = strconv.Atoi(limit)
		}
		if err != nil || page.Cursor == "" {
			return nil, shop.Wrong(c.base, "a link to %.200q", target)
		}
		return &page, nil
	}
}
