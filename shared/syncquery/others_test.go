package syncquery_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

// A server that takes longer for its registry than a view is thought fresh is used all
// the same.
func TestASlowRegistryIsUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(small())
		f.latency = 700 * time.Millisecond
		client := syncquery.New(f.as("me"), syncquery.Cover, syncquery.Options{})
		_, err := client.Query(within(t, time.Minute), 1, 3)
		require.NoError(t, err)
		client.Close()
	})
}

// A query for much is not passed for ever by queries for little of it.
func TestAQueryForMuchHasItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var registry syncquery.Registry
		for i, name := range []string{"a", "b", "c", "d", "e"} {
			registry = append(registry, syncquery.Endpoint{Name: name, Resources: []int64{int64(i)}})
		}
		client := syncquery.New(newFake(registry).as("me"), syncquery.Cover, syncquery.Options{})
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range 5 { // each endpoint has always somebody who asks for it alone
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 20 * time.Millisecond)
				for ctx.Err() == nil {
					_, _ = client.Query(ctx, int64(i))
				}
			})
		}
		time.Sleep(60 * time.Millisecond)
		begin := time.Now()
		_, err := client.Query(within(t, time.Minute), 0, 1, 2, 3, 4)
		require.NoError(t, err)
		require.Less(t, time.Since(begin), 2*time.Second)
		stop()
		wg.Wait()
		client.Close()
	})
}

// What an old query needs is not kept free for it while others have the rest of it, for
// nobody knows how long.
func TestNothingIsKeptFreeForWhoMayWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(syncquery.Registry{{Name: "d", Resources: []int64{1}}, {Name: "e", Resources: []int64{2}}})
		f.give("d", "dead")
		client := syncquery.New(f.as("me"), syncquery.Cover, syncquery.Options{})
		var wg sync.WaitGroup
		for range 2 { // one waits for d, the other behind it
			wg.Go(func() { _, _ = client.Query(within(t, 20*time.Second), 1, 2) })
		}
		time.Sleep(5 * time.Second)
		begin := time.Now()
		_, err := client.Query(within(t, time.Minute), 2)
		require.NoError(t, err)
		require.Less(t, time.Since(begin), time.Second)
		wg.Wait()
		client.Close()
	})
}

// Who waits for one of two homes, since the other is reserved by somebody who waits for
// it, takes the one that comes free.
func TestAHomeThatComesFreeIsSeen(t *testing.T) {
	t.Parallel()
	for _, strategy := range []syncquery.Strategy{syncquery.Cover, syncquery.Group} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(syncquery.Registry{{Name: "a", Resources: []int64{1, 2}}, {Name: "b", Resources: []int64{2}}})
			f.give("a", "dead")
			f.give("b", "other")
			time.AfterFunc(3*time.Second, func() { f.give("b", "") })
			client := syncquery.New(f.as("me"), strategy, syncquery.Options{})
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = client.Query(within(t, time.Minute), 1) })
			time.Sleep(100 * time.Millisecond)
			begin := time.Now()
			_, err := client.Query(within(t, time.Minute), 2)
			require.NoError(t, err, strategy)
			require.Less(t, time.Since(begin), 5*time.Second, strategy)
			wg.Wait()
			client.Close()
		})
	}
}

// One query for what a crashed client left locked does not take those with it who wait
// for what is only in use.
func TestADeadEndpointTakesNobodyCaptive(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dead, used string
		id         int64 // at the one that is used
	}{{"z", "x", 1}, {"x", "z", 3}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(line())
			f.give(c.dead, "dead")
			client := syncquery.New(f.as("me"), syncquery.Group, syncquery.Options{})
			ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
			defer stop()
			var wg sync.WaitGroup
			wg.Go(func() { use(ctx, f.as("other"), c.used) })
			wg.Go(func() {
				_, err := client.Query(ctx, 1, 3)
				require.Error(t, err)
			})
			time.Sleep(3 * time.Second) // until it is clear that it is dead
			answered := 0
			wg.Go(func() {
				for ctx.Err() == nil {
					if _, err := client.Query(ctx, c.id); err == nil {
						answered++
					}
				}
			})
			wg.Wait()
			client.Close()
			require.Greater(t, answered, 30, "beside %s", c.dead)
		})
	}
}

// use locks an endpoint for 150 ms at a time, and leaves it for 50 ms.
func use(ctx context.Context, c *conn, endpoint string) {
	for ctx.Err() == nil {
		if c.Lock(ctx, endpoint) != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		time.Sleep(150 * time.Millisecond)
		_ = c.Unlock(context.WithoutCancel(ctx), endpoint)
		time.Sleep(50 * time.Millisecond)
	}
}

// What the server refuses for one query's sake fails that query, not its group.
func TestARefusedQueryFailsAlone(t *testing.T) {
	t.Parallel()
	a := &able{refuse: func(_ int, ids []int64) error {
		if ids[0] < 0 {
			return errors.New("unexpected answer 400: ids go from 0")
		}
		return nil
	}}
	together(t, a, func(t *testing.T, client *syncquery.Client) {
		var wg sync.WaitGroup
		for id := int64(-1); id < 4; id++ {
			wg.Go(func() {
				_, err := client.Query(within(t, time.Minute), id)
				if id < 0 {
					require.ErrorContains(t, err, "ids go from 0")
				} else {
					require.NoError(t, err)
				}
			})
		}
		wg.Wait()
	})
}

// held is a server of ours at which somebody else has the endpoint of resource 3.
type held struct{ *able }

func (s held) ReadTogether(ctx context.Context, ids []int64, wait time.Duration) (map[int64]string, error) {
	for _, id := range ids {
		if id == 3 {
			time.Sleep(wait)
			return nil, syncquery.ErrNotDone
		}
	}
	return s.able.ReadTogether(ctx, ids, wait)
}

// One query for what others hold does not hold up the others for ever.
func TestAHeldEndpointHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &able{conn: newFake(small()).as("me")}
		client := syncquery.New(held{a}, syncquery.Group, syncquery.Options{})
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := client.Query(ctx, 3)
			require.ErrorIs(t, err, syncquery.ErrNotDone, "what stood in its way")
		})
		var mu sync.Mutex
		answered, longest := 0, time.Duration(0)
		for range 10 {
			wg.Go(func() {
				for ctx.Err() == nil {
					begin := time.Now()
					_, err := client.Query(ctx, 1)
					mu.Lock()
					if longest = max(longest, time.Since(begin)); err == nil {
						answered++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		client.Close()
		require.Greater(t, answered, 2500, "of about 6,000 without it")
		require.Less(t, longest, 15*time.Second)
	})
}
