package shop

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Errors of a store.
var (
	ErrNoSuchProduct = errors.New("shop: no such product")
	ErrNoSuchOrder   = errors.New("shop: no such order")
	// ErrKeyUsed: the idempotency key has created another order.
	ErrKeyUsed = errors.New("shop: the idempotency key has created another order")
)

// UnknownError is that an order names a product that does not exist. It is an
// ErrNoSuchProduct.
type UnknownError struct{ Product string }

func (e *UnknownError) Error() string { return fmt.Sprintf("shop: no product %q", e.Product) }

// Unwrap returns ErrNoSuchProduct.
func (e *UnknownError) Unwrap() error { return ErrNoSuchProduct }

// ShortError is that there is less of a product than an order asks for.
type ShortError struct {
	Product          string
	Asked, Available int64 // pieces
}

func (e *ShortError) Error() string {
	return fmt.Sprintf("shop: %d of %q asked for, %d available", e.Asked, e.Product, e.Available)
}

// Store is what the service needs of a store. Any error that is none of those listed
// is an outage; if a write may have had its effect all the same, it is a
// failure.Upstream. Every write has its effect once, whatever is repeated on the way,
// and a repeat that comes late undoes nothing that was done since.
type Store interface {
	// Product returns a product as it is now.
	// Errors: ErrNoSuchProduct.
	Product(ctx context.Context, id string) (Product, error)

	// ProductsByID returns those of up to MaxDistinct products that there are, as they
	// are now. No id may be there twice.
	ProductsByID(ctx context.Context, ids []string) (map[string]Product, error)

	// Products returns products by id, in the order of bytes: those after an id ("" is
	// before all). It reads about as many at a time as the caller says it will take.
	Products(ctx context.Context, after string, about int) iter.Seq2[Product, error]

	// PutProduct creates a product, or replaces the one of that id.
	PutProduct(ctx context.Context, p Product) error

	// DeleteProduct removes a product. Orders of it stay.
	// Errors: ErrNoSuchProduct.
	DeleteProduct(ctx context.Context, id string) error

	// CreateOrder takes the stock of all lines, those of one product together, and keeps
	// the order, all or nothing; it returns the order's id, as IDs draws it. A key (none:
	// "") that has created an order of these lines within KeyLife returns that one's id.
	// Errors: ErrKeyUsed; *UnknownError of the first product that does not exist;
	// *ShortError of the first that is short if all exist.
	CreateOrder(ctx context.Context, lines []Line, key string) (id int64, err error)

	// Order returns an order.
	// Errors: ErrNoSuchOrder.
	Order(ctx context.Context, id int64) (Order, error)

	// Orders returns orders by id: those after an id (0 is before all). It reads about
	// as many at a time as the caller says it will take.
	Orders(ctx context.Context, after int64, about int) iter.Seq2[Order, error]
}
