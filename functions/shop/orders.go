package shop

import (
	"context"
	"strconv"

	"lockstep/shared/operation"
)

// orders returns a page of the orders, by id: the oldest first. An order that is
// committed late may have an id before a cursor that was already handed out.
func (s *Service) orders(ctx context.Context, in pageRequest) (operation.Response, error) {
	mark, err := in.mark(func(id string) bool {
		_, ok := parseOrderID(id)
		return ok
	})
	if err != nil {
		return operation.Response{}, err
	}
	after, _ := parseOrderID(mark) // 0 for none
	return writePage(in, s.Store.Orders(ctx, after, in.about()), appendListed, func(o Order) string { return strconv.FormatInt(o.ID, 10) })
}

// appendListed appends an order as lists have it: without what its products are now.
func appendListed(to []byte, o Order) []byte { return appendOrder(to, o, nil) }
