package shop

// maxEventBytes bounds the lines in an event: an event bus takes 256 KB at a time.
const maxEventBytes = 200_000

// OrderCreated is the event that an order was created. It may come more than once, and
// not in the order of ids: the order's id tells a repeat.
type OrderCreated struct {
	Order Order
}

// MarshalJSON writes the event: the order as lists have it, beside the time at which it
// was created. An order whose lines are more than an event bus takes comes without
// them: order_details is null, and GET /orders/{id} has them.
func (e OrderCreated) MarshalJSON() ([]byte, error) {
	listed := appendListed(nil, e.Order)
	if len(listed) > maxEventBytes {
		listed = append(appendOrderID(nil, e.Order.ID), `,"order_details":null}`...)
	}
	at := DrawnAt(e.Order.ID).Format("2006-01-02T15:04:05.000Z")
	return append(listed[:len(listed)-1], `,"created_at":"`+at+`"}`...), nil
}
