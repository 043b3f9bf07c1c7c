package toystore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Patient repeats what may be repeated, until ctx ends: a query, and a purchase with
// an idempotency key, when it failed in passing. Before each repeat it waits for a
// random time whose bound doubles from FirstWait to LongestWait ("full jitter": M.
// Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015), on top of
// what the server asks for.
type Patient struct{ Client }

// How long a Patient waits at most before the first repeat, and before any.
const (
	FirstWait   = 100 * time.Millisecond
	LongestWait = 5 * time.Second
)

// Query implements Client.
func (p Patient) Query(ctx context.Context, name string) (Toy, error) {
	return repeat(ctx, func() (Toy, error) { return p.Client.Query(ctx, name) })
}

// Buy implements Client. An error is InDoubt if any of the attempts was.
func (p Patient) Buy(ctx context.Context, purchase Purchase) (Sale, error) {
	if purchase.Key == "" {
		return p.Client.Buy(ctx, purchase)
	}
	return repeat(ctx, func() (Sale, error) { return p.Client.Buy(ctx, purchase) })
}

func repeat[A any](ctx context.Context, call func() (A, error)) (A, error) {
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
		if !last.Passing || !wait(ctx, last.After+rand.N(bound)) { //nolint:gosec // no secret
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
