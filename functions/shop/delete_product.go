package shop

import (
	"context"
	"errors"

	"lockstep/shared/operation"
)

type deleted struct{}

// Success is 204: there is nothing left to show.
func (deleted) Success() operation.Success { return operation.Empty }

// deleteProduct removes a product. Orders that name it stay as they are.
func (s *Service) deleteProduct(ctx context.Context, in productRequest) (deleted, error) {
	if CheckID("id", in.ID) != nil {
		return deleted{}, noProduct(in.ID)
	}
	err := s.Store.DeleteProduct(ctx, in.ID)
	if errors.Is(err, ErrNoSuchProduct) {
		err = noProduct(in.ID)
	}
	return deleted{}, err
}
