package toystore

import (
	"context"
	"errors"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

type buyRequest struct {
	Name string `path:"name"`
	Key  string `header:"Idempotency-Key"`
	Body struct {
		Quantity *int64 `json:"quantity"` // none: 1
	} `body:"json,optional"`
}

type saleAnswer struct {
	Result string `json:"result"`
	Stock  int64  `json:"stock"`

	outcome operation.Success
}

// Success is 409 for what is out of stock: the answer is as good, but nothing is sold.
func (a saleAnswer) Success() operation.Success { return a.outcome }

// buy sells all that is asked for, or nothing.
func (s *Service) buy(ctx context.Context, in buyRequest) (saleAnswer, error) {
	p := Purchase{Toy: in.Name, Quantity: 1, Key: in.Key}
	if in.Body.Quantity != nil {
		p.Quantity = *in.Body.Quantity
	}
	sale, err := s.Buy(ctx, p)
	if err != nil {
		return saleAnswer{}, inHeader(err)
	}
	answer := saleAnswer{Result: sale.Result.String(), Stock: sale.Stock, outcome: operation.Done}
	if sale.Result == OutOfStock {
		answer.outcome = operation.Declined
	}
	return answer, nil
}

// inHeader names the idempotency key as HTTP's callers know it.
func inHeader(err error) error {
	if f := new(failure.Error); errors.As(err, &f) && f.Field == keyField {
		named := *f
		named.Field = "Idempotency-Key"
		return &named
	}
	return err
}
