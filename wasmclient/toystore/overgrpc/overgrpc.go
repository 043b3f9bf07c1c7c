// Package overgrpc speaks gRPC with the toy store, over HTTP/2 with or without TLS.
package overgrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	toystorev1 "lockstep/shared/proto/toystore/v1"
	"lockstep/shared/proto/toystore/v1/toystorev1connect"
	"lockstep/wasmclient/remote"
	"lockstep/wasmclient/toystore"
)

// Client is a client of one store, with a connection of its own. Use New.
type Client struct {
	base      string
	store     toystorev1connect.ToyStoreClient
	transport *http.Transport
}

var _ toystore.Client = (*Client)(nil)

// New returns a client of the server at base, as in http://127.0.0.1:8082.
func New(base string) *Client {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		DialContext:     (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		Protocols:       &protocols,
		IdleConnTimeout: 2 * time.Second, // servers keep idle ones for 5 s and more
	}
	store := toystorev1connect.NewToyStoreClient(&http.Client{Transport: transport}, base, connect.WithGRPC())
	return &Client{base, store, transport}
}

// Query implements toystore.Client.
func (c *Client) Query(ctx context.Context, name string) (toystore.Toy, error) {
	if err := toystore.CheckName(name); err != nil { // protobuf takes no other than UTF-8
		return toystore.Toy{}, &toystore.Error{Message: err.Error()}
	}
	toy, err := c.store.Query(ctx, &toystorev1.QueryRequest{Name: name})
	switch {
	case connect.CodeOf(err) == connect.CodeNotFound && connect.IsWireError(err):
		return toystore.Toy{}, toystore.ErrNoSuchToy
	case err != nil:
		return toystore.Toy{}, c.failed(ctx, err)
	}
	return toystore.Toy{Name: toy.GetName(), Price: toy.GetPriceCents(), Stock: toy.GetStock()}, nil
}

// Buy implements toystore.Client.
func (c *Client) Buy(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	if err := p.Check(); err != nil {
		return toystore.Sale{}, &toystore.Error{Message: err.Error()}
	}
	sale, err := c.store.Buy(ctx, &toystorev1.BuyRequest{Name: p.Toy, Quantity: &p.Quantity, IdempotencyKey: p.Key})
	if err != nil {
		return toystore.Sale{}, c.failed(ctx, err)
	}
	switch sale.GetResult() {
	case toystorev1.Result_RESULT_BOUGHT:
		return toystore.Sale{Result: toystore.Bought, Stock: sale.GetStock()}, nil
	case toystorev1.Result_RESULT_OUT_OF_STOCK:
		return toystore.Sale{Result: toystore.OutOfStock, Stock: sale.GetStock()}, nil
	case toystorev1.Result_RESULT_NO_SUCH_TOY:
		return toystore.Sale{}, toystore.ErrNoSuchToy
	case toystorev1.Result_RESULT_UNSPECIFIED:
	}
	return toystore.Sale{}, toystore.Wrong(c.base, "result %s", sale.GetResult())
}

// Close implements toystore.Client.
func (c *Client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// failed turns connect's errors into ours.
func (c *Client) failed(ctx context.Context, err error) error {
	said := new(connect.Error)
	if !errors.As(err, &said) || ctx.Err() != nil {
		return remote.Lost(ctx, c.base, err)
	}
	if network := new(net.OpError); !connect.IsWireError(err) && errors.As(err, &network) {
		return remote.Lost(ctx, c.base, err)
	}
	failed := &toystore.Error{Message: fmt.Sprintf("%s: %s: %s", c.base, said.Code(), said.Message()), Err: err}
	switch said.Code() {
	case connect.CodeResourceExhausted: // refused before anything was done
		failed.Passing, failed.After = true, retryAfter(said)
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded:
		failed.Passing, failed.InDoubt = true, true
	case connect.CodeUnknown: // of a toy store: its database did not answer; else: no gRPC at all
		failed.Passing, failed.InDoubt = connect.IsWireError(err), true
	case connect.CodeInternal, connect.CodeCanceled:
		// HTTP/2 streams that were cut off look like this; a server's own word is final.
		failed.Passing, failed.InDoubt = !connect.IsWireError(err), true
	}
	return failed
}

// retryAfter is how long the server wants to be left alone, 0 if it doesn't say.
func retryAfter(said *connect.Error) time.Duration {
	for _, detail := range said.Details() {
		if value, err := detail.Value(); err == nil {
			if info, is := value.(*errdetails.RetryInfo); is {
				return max(0, min(info.GetRetryDelay().AsDuration(), time.Hour))
			}
		}
	}
	return 0
}
