package shop

import (
	"context"
	"errors"

	"lockstep/shared/operation"
)

type productRequest struct {
	ID string `path:"id"`
}

// product returns one product, also one that is out of stock.
func (s *Service) product(ctx context.Context, in productRequest) (operation.Response, error) {
	if CheckID("id", in.ID) != nil { // what can't be created does not exist
		return operation.Response{}, noProduct(in.ID)
	}
	p, err := s.Store.Product(ctx, in.ID)
	if errors.Is(err, ErrNoSuchProduct) {
		err = noProduct(in.ID)
	}
	if err != nil {
		return operation.Response{}, err
	}
	return answer(appendProduct(nil, p)), nil
}
