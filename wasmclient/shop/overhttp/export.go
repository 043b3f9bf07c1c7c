package overhttp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"lockstep/wasmclient/remote"
	"lockstep/wasmclient/shop"
)

// Export implements shop.Client. The orders are read as they come; an export that is
// broken off is an error.
func (c *Client) Export(ctx context.Context, each func(shop.Order) error) error {
	response, err := c.send(ctx, request{method: http.MethodGet, path: "/orders/export"})
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		if err != nil {
			return remote.Lost(ctx, c.base, err)
		}
		return c.refused(response, body)
	}
	for lines := json.NewDecoder(response.Body); ; {
		var order shop.Order
		switch err := lines.Decode(&order); {
		case errors.Is(err, io.EOF):
			return nil
		case brokeOff(err):
			return remote.Lost(ctx, c.base, err)
		case err != nil:
			return shop.Wrong(c.base, "%v", err)
		case order.ID < 1:
			return shop.Wrong(c.base, "a line that is no order")
		}
		if err := each(order); err != nil {
			return err
		}
	}
}

// brokeOff tells an answer that is not whole from one that is wrong.
func brokeOff(err error) bool {
	var syntax *json.SyntaxError
	var mistyped *json.UnmarshalTypeError
	return err != nil && !errors.As(err, &syntax) && !errors.As(err, &mistyped)
}
