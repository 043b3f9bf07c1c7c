package shop_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/functions/shop/storetest"
	"lockstep/shared/failure"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) func() shop.Store {
		store := shop.NewMemory()
		return func() shop.Store { return store }
	})
}

// flaky is a store that fails 5 % of the orders, before or after the effect.
type flaky struct{ shop.Store }

func (f flaky) CreateOrder(ctx context.Context, lines []shop.Line, key string) (int64, error) {
	switch dice := rand.Float64(); {
	case dice < 0.025:
		return 0, &failure.Error{Code: failure.Busy, Message: "throttled"}
	case dice < 0.05:
		_, _ = f.Store.CreateOrder(ctx, lines, key)
		return 0, &failure.Error{Code: failure.Upstream, Message: "no answer"}
	}
	return f.Store.CreateOrder(ctx, lines, key)
}

func TestACrowdNeverBuysMoreThanThereIs(t *testing.T) {
	t.Parallel()
	store := shop.NewMemory()
	require.Positive(t, storetest.Crowd(t, func() shop.Store { return flaky{store} }, func() shop.Store { return store }))
}
