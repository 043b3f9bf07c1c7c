package rpc

import (
	"context"
	"errors"

	"lockstep/functions/toystore"
	toystorev1 "lockstep/shared/proto/toystore/v1"
	"lockstep/shared/proto/toystore/v1/toystorev1connect"
)

// store is the service in the words of the protocol.
type store struct{ service *toystore.Service }

var _ toystorev1connect.ToyStoreHandler = (*store)(nil)

// Query implements toystorev1connect.ToyStoreHandler.
func (s *store) Query(ctx context.Context, in *toystorev1.QueryRequest) (*toystorev1.QueryResponse, error) {
	toy, err := s.service.Query(ctx, in.GetName())
	if err != nil {
		return nil, err
	}
	return &toystorev1.QueryResponse{Name: toy.Name, PriceCents: toy.Price, Stock: toy.Stock}, nil
}

// Buy implements toystorev1connect.ToyStoreHandler.
func (s *store) Buy(ctx context.Context, in *toystorev1.BuyRequest) (*toystorev1.BuyResponse, error) {
	p := toystore.Purchase{Toy: in.GetName(), Quantity: 1, Key: in.GetIdempotencyKey()}
	if in.Quantity != nil {
		p.Quantity = in.GetQuantity()
	}
	sale, err := s.service.Buy(ctx, p)
	switch {
	case errors.Is(err, toystore.ErrNoSuchToy):
		return &toystorev1.BuyResponse{Result: toystorev1.Result_RESULT_NO_SUCH_TOY}, nil
	case err != nil:
		return nil, err
	}
	return &toystorev1.BuyResponse{Result: results[sale.Result], Stock: sale.Stock}, nil
}

var results = map[toystore.Result]toystorev1.Result{
	toystore.Bought:     toystorev1.Result_RESULT_BOUGHT,
	toystore.OutOfStock: toystorev1.Result_RESULT_OUT_OF_STOCK,
}
