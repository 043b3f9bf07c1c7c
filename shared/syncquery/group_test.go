package syncquery_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

func inBubble(t *testing.T, registry syncquery.Registry, test func(*testing.T, *fake, *syncquery.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(registry)
		client := syncquery.New(f.as("me"), syncquery.Group, syncquery.Options{})
		test(t, f, client)
		require.Empty(t, client.Close())
		require.Empty(t, f.wrongs)
		require.Empty(t, f.left("me"))
	})
}

func TestAGroupReadsEachResourceOnceForAllWhoWait(t *testing.T) {
	t.Parallel()
	inBubble(t, small(), func(t *testing.T, f *fake, client *syncquery.Client) {
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				got, err := client.Query(within(t, time.Minute), 1, 2, 3)
				require.NoError(t, err)
				require.Equal(t, states(1, 2, 3), got)
			})
		}
		wg.Wait()
		require.Equal(t, map[int64]int{1: 1, 2: 1, 3: 1}, f.reads)
		require.Equal(t, 2, f.count("lock"), "a cover of 1, 2 and 3")
	})
}

// An answer must not be older than its query: who comes while a group reads waits
// for the next one.
func TestAGroupTakesNobodyOnceItHasLocked(t *testing.T) {
	t.Parallel()
	inBubble(t, small(), func(t *testing.T, f *fake, client *syncquery.Client) {
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 50 * time.Millisecond) // virtual: a reading takes 100 ms
				_, err := client.Query(within(t, time.Minute), 3)
				require.NoError(t, err)
			})
		}
		wg.Wait()
		require.Equal(t, 2, f.reads[3], "one for the first, one for the two that came meanwhile")
	})
}

func TestAGroupGoesAroundWhatIsLocked(t *testing.T) {
	t.Parallel()
	inBubble(t, small(), func(t *testing.T, f *fake, client *syncquery.Client) {
		f.give("a", "other")
		begin := time.Now()
		got, err := client.Query(within(t, time.Minute), 1, 2, 4)
		require.NoError(t, err)
		require.Equal(t, states(1, 2, 4), got)
		require.Less(t, time.Since(begin), time.Second, "b and c serve the same: nothing to wait for")
		require.Equal(t, 2, f.count("lock"), "the registry said that a is locked: it is not even tried")
	})
}

func TestAQueryThatMustWaitHoldsUpNobody(t *testing.T) {
	t.Parallel()
	inBubble(t, small(), func(t *testing.T, f *fake, client *syncquery.Client) {
		f.give("c", "other")
		time.AfterFunc(20*time.Second, func() { f.give("c", "") })
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := client.Query(within(t, time.Minute), 1, 3)
			require.NoError(t, err)
			require.Equal(t, states(1, 3), got)
		})
		wg.Go(func() {
			for range 10 {
				time.Sleep(time.Second) // so that the dispatcher pauses when we come
				begin := time.Now()
				_, err := client.Query(within(t, time.Minute), 1, 2)
				require.NoError(t, err)
				require.Less(t, time.Since(begin), 250*time.Millisecond, "a reading takes 100 ms, and one may just have begun")
			}
		})
		wg.Wait()
	})
}

// What is in doubt may be locked by ourselves, for ever: other homes come first.
func TestAGroupAvoidsWhatIsInDoubt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(syncquery.Registry{{Name: "a", Resources: []int64{1}}, {Name: "b", Resources: []int64{1}}})
		c := f.as("me")
		lost := 0
		c.after = func(_ context.Context, this call) error {
			if this.kind == "unlock" && this.endpoint == "a" {
				lost++
				return syncquery.ErrAnswerLost
			}
			return nil
		}
		client := syncquery.New(c, syncquery.Group, syncquery.Options{})
		for range 3 {
			_, err := client.Query(within(t, time.Minute), 1)
			require.NoError(t, err)
		}
		require.Equal(t, 1, lost, "once a's lock is in doubt, b serves")
		client.Close()
	})
}

// When nobody waits any more, the reading is broken off, and the locks are freed.
func TestAGroupThatNobodyWaitsForStopsReading(t *testing.T) {
	t.Parallel()
	inBubble(t, small(), func(t *testing.T, f *fake, client *syncquery.Client) {
		f.readTime = 20 * time.Second
		begin := time.Now()
		_, err := client.Query(within(t, time.Second), 3)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		client.Close()
		require.Less(t, time.Since(begin), 2*time.Second)
	})
}
