package shop

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"lockstep/shared/failure"
)

type bodyRequest struct {
	Body []byte `body:"raw"` // to tell what is no object from an object that is wrong
}

type productCreated struct {
	ID string `json:"id"`
}

// createProduct creates a product, or replaces the one of that id.
func (s *Service) createProduct(ctx context.Context, in bodyRequest) (productCreated, error) {
	p, err := readProduct(in.Body)
	if err != nil {
		return productCreated{}, err
	}
	return productCreated{p.ID}, s.Store.PutProduct(ctx, p)
}

// readProduct reads the body of a product. The error names the first field that is wrong.
func readProduct(body []byte) (p Product, err error) {
	var raw struct {
		ID       jsontext.Value `json:"id"`
		Title    jsontext.Value `json:"title"`
		Capacity jsontext.Value `json:"passenger_capacity"`
		Speed    jsontext.Value `json:"maximum_speed"`
		Stock    jsontext.Value `json:"in_stock"`
	}
	if err := readObject(body, &raw); err != nil {
		return p, err
	}
	if p.ID, err = text(raw.ID, "id"); err != nil {
		return p, err
	}
	if err := CheckID("id", p.ID); err != nil {
		return p, err
	}
	if p.Title, err = text(raw.Title, "title"); err != nil {
		return p, err
	}
	if p.Title == "" || len(p.Title) > MaxTitle {
		return p, failure.InvalidField("title", "title must have 1 to %d bytes, not %d", MaxTitle, len(p.Title))
	}
	if p.Capacity, err = integer(raw.Capacity, "passenger_capacity", 0, MaxNumber); err != nil {
		return p, err
	}
	if p.Speed, err = integer(raw.Speed, "maximum_speed", 0, MaxNumber); err != nil {
		return p, err
	}
	p.Stock, err = integer(raw.Stock, "in_stock", 0, MaxNumber)
	return p, err
}
