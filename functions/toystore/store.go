package toystore

import (
	"context"
	"errors"
)

// Errors of a store.
var (
	ErrNoSuchToy = errors.New("toystore: no such toy")
	// ErrKeyUsed: the idempotency key has bought another toy, or another quantity.
	ErrKeyUsed = errors.New("toystore: the idempotency key has bought something else")
)

// Store is what the service needs of a store. Any error that is none of those listed
// is an outage; if a write may have had its effect all the same, it is a
// failure.Upstream.
type Store interface {
	// Toy returns a toy as it is now, and waits for no write.
	// Errors: ErrNoSuchToy.
	Toy(ctx context.Context, name string) (Toy, error)

	// Toys returns toys by name, in the order of bytes: those after a name ("" is
	// before all), limit (at least 1) at most.
	Toys(ctx context.Context, after string, limit int) ([]Toy, error)

	// Buy sells all of the purchase or, with OutOfStock, nothing, once, whatever is
	// repeated on the way. A key that has bought answers as it did the first time.
	// Errors: ErrNoSuchToy, ErrKeyUsed.
	Buy(ctx context.Context, p Purchase) (Sale, error)

	// Put creates a toy, or sets price and stock.
	Put(ctx context.Context, toy Toy) error
}
