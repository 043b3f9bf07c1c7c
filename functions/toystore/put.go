package toystore

import (
	"context"

	"lockstep/shared/failure"
)

type putRequest struct {
	Name string `path:"name"`
	Body struct {
		Price *string `json:"price"`
		Stock *int64  `json:"stock"`
	} `body:"json"`
}

// Validate says which field is wrong.
func (r putRequest) Validate() error {
	if err := CheckName("name", r.Name); err != nil {
		return err
	}
	if r.Body.Price == nil {
		return failure.InvalidField("price", "price is missing")
	}
	if _, err := ParsePrice(*r.Body.Price); err != nil {
		return failure.InvalidField("price", "price %s", err)
	}
	if r.Body.Stock == nil {
		return failure.InvalidField("stock", "stock is missing")
	}
	if *r.Body.Stock < 0 || *r.Body.Stock > MaxStock {
		return failure.InvalidField("stock", "stock must be 0 to 2^53-1, not %d", *r.Body.Stock)
	}
	return nil
}

// put creates a toy, or sets its price and its stock to what is given, whatever was
// sold meanwhile.
func (s *Service) put(ctx context.Context, in putRequest) (toyAnswer, error) {
	price, err := ParsePrice(*in.Body.Price)
	if err != nil {
		return toyAnswer{}, err
	}
	toy := Toy{Name: in.Name, Price: price, Stock: *in.Body.Stock}
	return answerOf(toy), s.Store.Put(ctx, toy)
}
