package shop

import (
	"context"

	"lockstep/shared/operation"
)

// products returns a page of the products, by id in the order of bytes.
func (s *Service) products(ctx context.Context, in pageRequest) (operation.Response, error) {
	after, err := in.mark(func(id string) bool { return CheckID("cursor", id) == nil })
	if err != nil {
		return operation.Response{}, err
	}
	return writePage(in, s.Store.Products(ctx, after, in.about()), appendProduct, func(p Product) string { return p.ID })
}
