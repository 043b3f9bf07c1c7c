package lease_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lockstep/shared/lease"
)

type counting struct {
	lease.Memory
	mu    sync.Mutex
	kinds map[string]int
}

func (c *counting) Read(ctx context.Context, cons bool) (lease.View, error) {
	time.Sleep(time.Millisecond)
	c.mu.Lock()
	c.kinds[fmt.Sprint("read ", cons)]++
	c.mu.Unlock()
	return c.Memory.Read(ctx, cons)
}
func (c *counting) Write(ctx context.Context, b lease.Batch) (lease.Written, error) {
	time.Sleep(2 * time.Millisecond)
	w, err := c.Memory.Write(ctx, b)
	c.mu.Lock()
	for _, ch := range b.Changes {
		c.kinds[fmt.Sprintf("kind %d confirm %v reason %s done %v", ch.Kind, ch.Confirm, ch.Reason, w.Done)]++
	}
	c.kinds["writes"]++
	c.mu.Unlock()
	return w, err
}

func TestDebug(t *testing.T) {
	for _, processes := range []int{32, 1} {
		synctest.Test(t, func(t *testing.T) {
			store := &counting{kinds: map[string]int{}}
			var leasers []*lease.Leaser
			for range processes {
				leasers = append(leasers, lease.New(store, lease.Options{}))
			}
			begin := time.Now()
			var wg sync.WaitGroup
			for w := range 32 {
				wg.Go(func() {
					for range 10 {
						keys := rand.Perm(12)[:3]
						held, err := leasers[w%processes].Acquire(t.Context(), request(fmt.Sprint(keys[0]), fmt.Sprint(keys[1]), fmt.Sprint(keys[2])))
						if err != nil {
							t.Error(err)
						}
						time.Sleep(5 * time.Millisecond) // virtual
						held.Release(context.Background())
					}
				})
			}
			wg.Wait()
			t.Log(processes, time.Since(begin), store.kinds)
		})
	}
}
