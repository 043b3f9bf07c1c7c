package toystore

import (
	"context"

	"lockstep/wasmclient/remote"
)

// Patient repeats what may be repeated, until ctx ends: a query, and a purchase with
// an idempotency key, when it failed in passing, as remote.Repeat does it.
type Patient struct{ Client }

// Query implements Client.
func (p Patient) Query(ctx context.Context, name string) (Toy, error) {
	return remote.Repeat(ctx, remote.Always, func() (Toy, error) { return p.Client.Query(ctx, name) })
}

// Buy implements Client. An error is InDoubt if any of the attempts was.
func (p Patient) Buy(ctx context.Context, purchase Purchase) (Sale, error) {
	if purchase.Key == "" {
		return p.Client.Buy(ctx, purchase)
	}
	return remote.Repeat(ctx, remote.Always, func() (Sale, error) { return p.Client.Buy(ctx, purchase) })
}
