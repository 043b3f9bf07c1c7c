package shop_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
)

func TestAKeyIsRememberedForADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := shop.NewMemory()
		require.NoError(t, store.PutProduct(t.Context(), shop.Product{ID: "tux", Title: "Tux", Stock: 10}))
		lines := []shop.Line{{Product: "tux", Price: 1, Quantity: 1}}
		first, err := store.CreateOrder(t.Context(), lines, "k")
		require.NoError(t, err)
		time.Sleep(shop.KeyLife - time.Nanosecond)
		again, err := store.CreateOrder(t.Context(), lines, "k")
		require.NoError(t, err)
		require.Equal(t, first, again)
		time.Sleep(time.Nanosecond)
		second, err := store.CreateOrder(t.Context(), lines, "k")
		require.NoError(t, err)
		require.Greater(t, second, first)
	})
}

// An id tells when its order was created, and grows with time.
func TestIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(30 * 365 * 24 * time.Hour) // the virtual clock begins before the first id
		var ids shop.IDs
		last := int64(0)
		for range 100 {
			for range 100 {
				id := ids.Draw(time.Now())
				require.Greater(t, id, last)
				last = id
			}
			require.WithinDuration(t, time.Now(), shop.DrawnAt(last), time.Millisecond)
			time.Sleep(time.Millisecond)
		}
		require.Equal(t, last+1, ids.Draw(time.Now().Add(-time.Hour)), "a clock that goes back")
		require.Less(t, new(shop.IDs).Draw(time.Date(2094, 1, 1, 0, 0, 0, 0, time.UTC)), int64(1)<<53)
	})
}
