package shop

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"lockstep/shared/operation"
)

// Answers with products and orders are written by hand: a page holds hundreds of them,
// and must know its size in bytes while it grows.

func answer(body []byte) operation.Response {
	return operation.Response{Status: int(operation.Done), Header: map[string]string{"Content-Type": "application/json"}, Body: body}
}

func appendProduct(to []byte, p Product) []byte {
	to = appendText(append(to, `{"id":`...), p.ID)
	to = appendText(append(to, `,"title":`...), p.Title)
	to = strconv.AppendInt(append(to, `,"passenger_capacity":`...), p.Capacity, 10)
	to = strconv.AppendInt(append(to, `,"maximum_speed":`...), p.Speed, 10)
	to = strconv.AppendInt(append(to, `,"in_stock":`...), p.Stock, 10)
	return append(to, '}')
}

// appendOrder appends an order; more, unless it is nil, appends what else there is to
// say of each line.
func appendOrder(to []byte, o Order, more func(to []byte, line Line) []byte) []byte {
	to = append(appendOrderID(to, o.ID), `,"order_details":[`...)
	for i, line := range o.Lines {
		if i > 0 {
			to = append(to, ',')
		}
		to = strconv.AppendInt(append(to, `{"id":`...), int64(i+1), 10)
		to = appendText(append(to, `,"product_id":`...), line.Product)
		to = strconv.AppendInt(append(to, `,"quantity":`...), line.Quantity, 10)
		to = append(AppendPrice(append(to, `,"price":"`...), line.Price), '"')
		if more != nil {
			to = more(to, line)
		}
		to = append(to, '}')
	}
	return append(to, "]}"...)
}

func appendOrderID(to []byte, id int64) []byte {
	return strconv.AppendInt(append(to, `{"id":`...), id, 10)
}

func appendText(to []byte, text string) []byte {
	to, _ = jsontext.AppendQuote(to, text) // can't fail: only valid UTF-8 gets in
	return to
}
