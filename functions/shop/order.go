package shop

import (
	"context"
	"errors"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

type orderRequest struct {
	ID string `path:"id"`
}

// order returns one order, with its products as they are now; null stands for one that
// was deleted since.
func (s *Service) order(ctx context.Context, in orderRequest) (operation.Response, error) {
	none := &failure.Error{Code: failure.NotFound, Name: NoSuchOrder, Message: "Order with id " + in.ID + " not found"}
	id, ok := parseOrderID(in.ID)
	if !ok {
		return operation.Response{}, none
	}
	o, err := s.Store.Order(ctx, id)
	if errors.Is(err, ErrNoSuchOrder) {
		return operation.Response{}, none
	}
	if err != nil {
		return operation.Response{}, err
	}
	products, err := s.Store.ProductsByID(ctx, productIDs(o.Lines))
	if err != nil {
		return operation.Response{}, err
	}
	return answer(appendOrder(make([]byte, 0, 256*(len(o.Lines)+1)), o, func(to []byte, line Line) []byte {
		to = appendText(append(to, `,"image":`...), s.image(line.Product))
		to = append(to, `,"product":`...)
		if p, there := products[line.Product]; there {
			return appendProduct(to, p)
		}
		return append(to, "null"...)
	})), nil
}

func productIDs(lines []Line) []string {
	needs := Needs(lines)
	ids := make([]string, len(needs))
	for i, n := range needs {
		ids[i] = n.Product
	}
	return ids
}

func (s *Service) image(product string) string {
	root := s.ImageRoot
	if root == "" {
		root = DefaultImageRoot
	}
	return root + "/" + product + ".jpg"
}
