package shop

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Patient repeats what may be repeated, until ctx ends, when it failed in passing:
// reads, a deletion, an order with an idempotency key; and the creation of a product
// unless it may have had its effect, for a repeat would bring back what was sold since.
// Before each repeat it waits for a random time whose bound doubles from FirstWait to
// LongestWait ("full jitter": M. Brooker, Exponential Backoff and Jitter, AWS
// Architecture Blog, 2015), on top of what the server asks for. An export is not
// repeated: part of it is out already.
type Patient struct{ Client }

// How long a Patient waits at most before the first repeat, and before any.
const (
	FirstWait   = 100 * time.Millisecond
	LongestWait = 5 * time.Second
)

// CreateProduct implements Client.
func (p Patient) CreateProduct(ctx context.Context, product Product) error {
	_, err := repeat(ctx, func(e *Error) bool { return !e.InDoubt }, func() (struct{}, error) {
		return struct{}{}, p.Client.CreateProduct(ctx, product)
	})
	return err
}

// Product implements Client.
func (p Patient) Product(ctx context.Context, id string) (Product, error) {
	return repeat(ctx, always, func() (Product, error) { return p.Client.Product(ctx, id) })
}

// DeleteProduct implements Client. A product that is gone after an attempt that was
// InDoubt is deleted.
func (p Patient) DeleteProduct(ctx context.Context, id string) error {
	_, err := repeat(ctx, always, func() (struct{}, error) { return struct{}{}, p.Client.DeleteProduct(ctx, id) })
	if failed := new(Error); errors.As(err, &failed) && failed.Code == ProductNotFound && failed.InDoubt {
		return nil
	}
	return err
}

// Products implements Client.
func (p Patient) Products(ctx context.Context, page Page) (Listed[Product], error) {
	return repeat(ctx, always, func() (Listed[Product], error) { return p.Client.Products(ctx, page) })
}

// CreateOrder implements Client. An error is InDoubt if any of the attempts was.
func (p Patient) CreateOrder(ctx context.Context, lines []Line, key string) (int64, error) {
	if key == "" {
		return p.Client.CreateOrder(ctx, lines, key)
	}
	return repeat(ctx, always, func() (int64, error) { return p.Client.CreateOrder(ctx, lines, key) })
}

// Order implements Client.
func (p Patient) Order(ctx context.Context, id int64) (Details, error) {
	return repeat(ctx, always, func() (Details, error) { return p.Client.Order(ctx, id) })
}

// Orders implements Client.
func (p Patient) Orders(ctx context.Context, page Page) (Listed[Order], error) {
	return repeat(ctx, always, func() (Listed[Order], error) { return p.Client.Orders(ctx, page) })
}

func always(*Error) bool { return true }

// repeat calls until there is an answer, or an error that does not pass or may not be
// repeated.
func repeat[A any](ctx context.Context, may func(*Error) bool, call func() (A, error)) (A, error) {
	inDoubt := false
	for tries, bound := 1, FirstWait; ; tries, bound = tries+1, min(2*bound, LongestWait) {
		answer, err := call()
		var failed *Error
		if !errors.As(err, &failed) {
			return answer, err
		}
		last := *failed
		inDoubt = inDoubt || last.InDoubt
		last.InDoubt = inDoubt
		if !last.Passing || !may(&last) || !wait(ctx, last.After+rand.N(bound)) { //nolint:gosec // no secret
			if tries > 1 {
				last.Message = fmt.Sprintf("%s (tried %d times)", last.Message, tries)
			}
			return answer, &last
		}
	}
}

// wait waits, and says whether it is worth another try: not if ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	if end, ends := ctx.Deadline(); ends && time.Until(end) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
