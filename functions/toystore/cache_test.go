package toystore_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/storetest"
)

// slow is a store whose reads take their answer at their beginning and deliver it later.
type slow struct {
	toystore.Store
	reads atomic.Int64
}

func (s *slow) Toy(ctx context.Context, name string) (toystore.Toy, error) {
	s.reads.Add(1)
	toy, err := s.Store.Toy(ctx, name)
	time.Sleep(time.Second)
	return toy, err
}

const life = 10 * time.Second

func cached(t *testing.T) (toystore.Store, *slow) {
	t.Helper()
	behind := &slow{Store: toystore.NewMemory()}
	require.NoError(t, behind.Put(t.Context(), toystore.Toy{Name: "Tux", Price: 2599, Stock: 5}))
	return toystore.NewCache(behind, life), behind
}

func requireStock(t *testing.T, want int64, s toystore.Store) {
	t.Helper()
	toy, err := s.Toy(t.Context(), "Tux")
	require.NoError(t, err)
	require.Equal(t, want, toy.Stock)
}

func mustBuy(t *testing.T, s toystore.Store, want toystore.Result) {
	t.Helper()
	sale, err := s.Buy(t.Context(), toystore.Purchase{Toy: "Tux", Quantity: 1})
	require.NoError(t, err)
	require.Equal(t, want, sale.Result)
}

func TestCache(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, toystore.Store, *slow){
		"one read for all queries of its life": func(t *testing.T, c toystore.Store, behind *slow) {
			for range 100 {
				requireStock(t, 5, c)
			}
			require.Equal(t, int64(1), behind.reads.Load())
			time.Sleep(life)
			requireStock(t, 5, c)
			require.Equal(t, int64(2), behind.reads.Load())
		},
		"what others sell is seen when its life is over, which counts from the read's beginning": func(t *testing.T, c toystore.Store, behind *slow) {
			began := time.Now()
			requireStock(t, 5, c)
			mustBuy(t, behind.Store, toystore.Bought)
			time.Sleep(life - time.Since(began) - 1)
			requireStock(t, 5, c)
			time.Sleep(time.Nanosecond)
			requireStock(t, 4, c)
		},
		"what is sold here is seen at once": func(t *testing.T, c toystore.Store, _ *slow) {
			for left := int64(4); left >= 0; left-- {
				mustBuy(t, c, toystore.Bought)
				requireStock(t, left, c)
			}
			mustBuy(t, c, toystore.OutOfStock)
		},
		"what is put here is seen at once": func(t *testing.T, c toystore.Store, _ *slow) {
			requireStock(t, 5, c)
			require.NoError(t, c.Put(t.Context(), toystore.Toy{Name: "Tux", Price: 1, Stock: 9}))
			requireStock(t, 9, c)
		},
		"a read that began before a sale is not kept": func(t *testing.T, c toystore.Store, _ *slow) {
			go func() { _, _ = c.Toy(t.Context(), "Tux") }()
			synctest.Wait()
			mustBuy(t, c, toystore.Bought)
			time.Sleep(2 * time.Second) // the read has come back, with what was before the sale
			requireStock(t, 4, c)
		},
		"a toy that is not there is asked for each time": func(t *testing.T, c toystore.Store, behind *slow) {
			for range 3 {
				_, err := c.Toy(t.Context(), "Yeti")
				require.ErrorIs(t, err, toystore.ErrNoSuchToy)
			}
			require.Equal(t, int64(3), behind.reads.Load())
		},
		"it forgets rather than grow": func(t *testing.T, c toystore.Store, _ *slow) {
			done := make(chan struct{})
			const many = 12_000
			for i := range many {
				go func() {
					name := fmt.Sprint("toy ", i)
					require.NoError(t, c.Put(t.Context(), toystore.Toy{Name: name, Price: 1, Stock: 1}))
					_, err := c.Toy(t.Context(), name)
					require.NoError(t, err)
					done <- struct{}{}
				}()
			}
			for range many {
				<-done
			}
			toys, writes := toystore.Kept(c)
			require.LessOrEqual(t, toys, 10_000)
			require.Zero(t, writes)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, behind := cached(t)
				test(t, c, behind)
			})
		})
	}
}

// Within one process a cache changes nothing; the suite's others are such as share it.
func TestACachedStoreKeepsWhatAStorePromises(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) func() toystore.Store {
		store := toystore.NewCache(toystore.NewMemory(), time.Hour)
		return func() toystore.Store { return store }
	})
}

func TestNoCache(t *testing.T) {
	t.Parallel()
	store := toystore.NewMemory()
	require.Same(t, store, toystore.NewCache(store, 0))
}
