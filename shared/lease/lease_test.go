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

// virtual runs the test in virtual time. At its end the test's context ends, and so
// does within a minute all that was begun: goroutines that are left are a failure.
func virtual(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { time.Sleep(time.Minute) })
		test(t)
	})
}

// mustAcquire acquires the keys for a process whose context is ctx.
func mustAcquire(ctx context.Context, t *testing.T, l *lease.Leaser, r lease.Request) *lease.Lease {
	t.Helper()
	held, err := l.Acquire(ctx, r)
	require.NoError(t, err)
	return held
}

// acquired is the outcome of an acquire, and when it came.
type acquired struct {
	lease *lease.Lease
	err   error
	at    time.Time
}

// acquiring begins to acquire.
func acquiring(ctx context.Context, l *lease.Leaser, r lease.Request) <-chan acquired {
	outcome := make(chan acquired, 1)
	go func() {
		held, err := l.Acquire(ctx, r)
		outcome <- acquired{held, err, time.Now()}
	}()
	return outcome
}

// slow is a store whose calls take time, half of it before and half after the effect.
type slow struct {
	lease.Store
	by time.Duration
}

func (s slow) Read(ctx context.Context, consistent bool) (lease.View, error) {
	time.Sleep(s.by / 2)
	defer time.Sleep(s.by / 2)
	return s.Store.Read(ctx, consistent)
}

func (s slow) Write(ctx context.Context, b lease.Batch) (lease.Written, error) {
	time.Sleep(s.by / 2)
	defer time.Sleep(s.by / 2)
	return s.Store.Write(context.WithoutCancel(ctx), b)
}

// mustFind returns the entry of the id as it is in the store now.
func mustFind(t *testing.T, store lease.Store, id string) lease.Entry {
	t.Helper()
	view, err := store.Read(t.Context(), true)
	require.NoError(t, err)
	e, stands := view.Find(id)
	require.True(t, stands)
	return e
}

func TestManyWorkersExclude(t *testing.T) {
	t.Parallel()
	for name, processes := range map[string]int{"in one process": 1, "in eight": 8} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
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

// Also a wait that is over before a place in line was taken says whom it was for.
func TestAWaitThatEndsBeforeItsPlaceIsTakenSaysWhoWasSeen(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := &lease.Memory{}
		mustAcquire(t.Context(), t, lease.New(store, lease.Options{}), request("a"))
		l := lease.New(slow{store, time.Second}, lease.Options{})
		_, err := l.View(t.Context())
		require.NoError(t, err)
		late := request("a")
		late.Wait = 10 * time.Millisecond
		_, err = l.Acquire(t.Context(), late)
		require.ErrorIs(t, err, lease.ErrWaited)
		var held *lease.HeldError
		require.ErrorAs(t, err, &held)
		require.Equal(t, "a", held.Key)
	})
}
