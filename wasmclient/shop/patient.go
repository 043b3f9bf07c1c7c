package shop

import (
	"context"
	"errors"

	"lockstep/wasmclient/remote"
)

// Patient repeats what may be repeated, until ctx ends, when it failed in passing:
// reads, a deletion, an order with an idempotency key; and the creation of a product
// unless it may have had its effect, for a repeat would bring back what was sold since.
// How, remote.Repeat says. An export is not repeated: part of it is out already.
type Patient struct{ Client }

// CreateProduct implements Client.
func (p Patient) CreateProduct(ctx context.Context, product Product) error {
	_, err := remote.Repeat(ctx, func(e *Error) bool { return !e.InDoubt }, func() (struct{}, error) {
		return struct{}{}, p.Client.CreateProduct(ctx, product)
	})
	return err
}

// Product implements Client.
func (p Patient) Product(ctx context.Context, id string) (Product, error) {
	return remote.Repeat(ctx, remote.Always, func() (Product, error) { return p.Client.Product(ctx, id) })
}

// DeleteProduct implements Client. A product that is gone after an attempt that was
// InDoubt is deleted.
func (p Patient) DeleteProduct(ctx context.Context, id string) error {
	_, err := remote.Repeat(ctx, remote.Always, func() (struct{}, error) { return struct{}{}, p.Client.DeleteProduct(ctx, id) })
	if failed := new(Error); errors.As(err, &failed) && failed.Code == ProductNotFound && failed.InDoubt {
		return nil
	}
	return err
}

// Products implements Client.
func (p Patient) Products(ctx context.Context, page Page) (Listed[Product], error) {
	return remote.Repeat(ctx, remote.Always, func() (Listed[Product], error) { return p.Client.Products(ctx, page) })
}

// CreateOrder implements Client. An error is InDoubt if any of the attempts was.
func (p Patient) CreateOrder(ctx context.Context, lines []Line, key string) (int64, error) {
	if key == "" {
		return p.Client.CreateOrder(ctx, lines, key)
	}
	return remote.Repeat(ctx, remote.Always, func() (int64, error) { return p.Client.CreateOrder(ctx, lines, key) })
}

// Order implements Client.
func (p Patient) Order(ctx context.Context, id int64) (Details, error) {
	return remote.Repeat(ctx, remote.Always, func() (Details, error) { return p.Client.Order(ctx, id) })
}

// Orders implements Client.
func (p Patient) Orders(ctx context.Context, page Page) (Listed[Order], error) {
	return remote.Repeat(ctx, remote.Always, func() (Listed[Order], error) { return p.Client.Orders(ctx, page) })
}
