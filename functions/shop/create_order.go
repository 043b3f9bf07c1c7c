package shop

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lockstep/shared/failure"
)

// keyField is what errors call the idempotency key.
const keyField = "Idempotency-Key"

type createOrderRequest struct {
	Key  string `header:"Idempotency-Key"`
	Body []byte `body:"raw"`
}

type orderCreated struct {
	ID int64 `json:"id"`
}

// createOrder takes the stock of every line and keeps the order, or does neither.
func (s *Service) createOrder(ctx context.Context, in createOrderRequest) (orderCreated, error) {
	if len(in.Key) > MaxKey || !utf8.ValidString(in.Key) {
		return orderCreated{}, failure.InvalidField(keyField, "the %s must be UTF-8 of at most %d bytes", keyField, MaxKey)
	}
	lines, err := readOrder(in.Body)
	if err != nil {
		return orderCreated{}, err
	}
	id, err := s.Store.CreateOrder(ctx, lines, in.Key)
	return orderCreated{id}, inWords(err)
}

const linesField = "order_details"

// readOrder reads the body of an order. The error names the first field that is wrong,
// as in order_details[3].quantity.
func readOrder(body []byte) ([]Line, error) {
	var raw struct {
		Lines jsontext.Value `json:"order_details"`
	}
	if err := readObject(body, &raw); err != nil {
		return nil, err
	}
	if err := is('[', "an array", raw.Lines, linesField); err != nil {
		return nil, err
	}
	var all []jsontext.Value
	if err := json.Unmarshal(raw.Lines, &all); err != nil {
		return nil, err
	}
	if len(all) < 1 || len(all) > MaxLines {
		return nil, failure.InvalidField(linesField, "%s must have 1 to %d lines, not %d", linesField, MaxLines, len(all))
	}
	lines := make([]Line, len(all))
	for i, line := range all {
		var err error
		if lines[i], err = readLine(line, fmt.Sprintf("%s[%d]", linesField, i)); err != nil {
			return nil, err
		}
	}
	if distinct := len(Needs(lines)); distinct > MaxDistinct {
		return nil, failure.InvalidField(linesField, "%s names %d products; an order has at most %d", linesField, distinct, MaxDistinct)
	}
	return lines, nil
}

func readLine(v jsontext.Value, field string) (l Line, err error) {
	var raw struct {
		Product  jsontext.Value `json:"product_id"`
		Price    jsontext.Value `json:"price"`
		Quantity jsontext.Value `json:"quantity"`
	}
	if err := inside(v, field, &raw); err != nil {
		return l, err
	}
	if l.Product, err = text(raw.Product, field+".product_id"); err != nil {
		return l, err
	}
	if err := CheckID(field+".product_id", l.Product); err != nil {
		return l, err
	}
	if l.Price, err = price(raw.Price, field+".price"); err != nil {
		return l, err
	}
	l.Quantity, err = integer(raw.Quantity, field+".quantity", 1, MaxQuantity)
	return l, err
}
