package lease_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

func request(keys ...string) lease.Request {
	return lease.Request{Keys: keys, Owner: "test", TTL: 10 * time.Second}
}

func TestManyWorkersExclude(t *testing.T) {
	t.Parallel()
	for name, processes := range map[string]int{"in one process": 1, "in eight": 8} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := &lease.Memory{}
				var leasers []*lease.Leaser
				for range processes {
					leasers = append(leasers, lease.New(store, lease.Options{}))
				}
				var inside [12]atomic.Int64
				var wg sync.WaitGroup
				for w := range 32 {
					wg.Go(func() {
						for range 10 {
							keys := rand.Perm(12)[:3]
							held, err := leasers[w%processes].Acquire(t.Context(), request(fmt.Sprint(keys[0]), fmt.Sprint(keys[1]), fmt.Sprint(keys[2])))
							require.NoError(t, err)
							for _, k := range keys {
								require.EqualValues(t, 1, inside[k].Add(1))
							}
							time.Sleep(5 * time.Millisecond) // virtual
							for _, k := range keys {
								inside[k].Add(-1)
							}
							require.NoError(t, held.Release(context.Background()))
						}
					})
				}
				wg.Wait()
				view, err := store.Read(t.Context(), true)
				require.NoError(t, err)
				require.Empty(t, view.Entries)
				require.Zero(t, view.Weight)
			})
		})
	}
}
