package syncquery_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

// able is a server that reads together. Its hooks answer in its place.
type able struct {
	*conn
	unable bool
	asked  int // how often it was asked whether it can
	ask    func(n int) error
	refuse func(n int, ids []int64) error // the n-th reading, from 1

	mu       sync.Mutex
	readings [][]int64
}

func (a *able) ReadsTogether(context.Context) (bool, error) {
	time.Sleep(time.Millisecond) // virtual
	a.asked++
	if a.ask != nil {
		if err := a.ask(a.asked); err != nil {
			return false, err
		}
	}
	return !a.unable, nil
}

func (a *able) ReadTogether(ctx context.Context, ids []int64, _ time.Duration) (map[int64]string, error) {
	a.mu.Lock()
	a.readings = append(a.readings, ids)
	n := len(a.readings)
	a.mu.Unlock()
	if a.refuse != nil {
		if err := a.refuse(n, ids); err != nil {
			return nil, err
		}
	}
	select {
	case <-time.After(100 * time.Millisecond):
		return states(ids...), nil
	case <-ctx.Done():
		return nil, errors.Join(syncquery.ErrAnswerLost, ctx.Err())
	}
}

func together(t *testing.T, a *able, test func(*testing.T, *syncquery.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a.conn = newFake(small()).as("me")
		client := syncquery.New(a, syncquery.Group, syncquery.Options{})
		test(t, client)
		require.Empty(t, client.Close())
	})
}

func TestAServerThatReadsTogetherIsLeftToDoSo(t *testing.T) {
	t.Parallel()
	a := &able{}
	together(t, a, func(t *testing.T, client *syncquery.Client) {
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				for range 3 {
					got, err := client.Query(within(t, time.Minute), 1, 3)
					require.NoError(t, err)
					require.Equal(t, states(1, 3), got)
				}
			})
		}
		wg.Wait()
		require.Len(t, a.readings, 3, "one for all who wait, and those who ask again are waited for")
		require.Equal(t, 1, a.asked)
		require.Zero(t, a.fake.count("lock")+a.fake.count("registry"))
	})
}

func TestAServerThatDoesNotReadTogetherIsLocked(t *testing.T) {
	t.Parallel()
	a := &able{unable: true}
	together(t, a, func(t *testing.T, client *syncquery.Client) {
		for range 2 {
			got, err := client.Query(within(t, time.Minute), 1, 3)
			require.NoError(t, err)
			require.Equal(t, states(1, 3), got)
		}
		require.Equal(t, 1, a.asked)
		require.Empty(t, a.readings)
		require.Equal(t, 4, a.fake.count("lock"))
	})
}

func TestAskingIsTriedAgain(t *testing.T) {
	t.Parallel()
	a := &able{ask: func(n int) error {
		if n < 3 {
			return syncquery.ErrAnswerLost
		}
		return nil
	}}
	together(t, a, func(t *testing.T, client *syncquery.Client) {
		_, err := client.Query(within(t, time.Minute), 1)
		require.NoError(t, err)
		require.Equal(t, 3, a.asked)
		require.Len(t, a.readings, 1)
	})
}

func TestAnUnknownResourceFailsItsOwnQueryAlone(t *testing.T) {
	t.Parallel()
	a := &able{refuse: func(_ int, ids []int64) error {
		if slices.Contains(ids, 99) {
			return &syncquery.UnknownResourcesError{Resources: []int64{99}}
		}
		return nil
	}}
	together(t, a, func(t *testing.T, client *syncquery.Client) {
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := client.Query(within(t, time.Minute), 1, 99)
			var unknown *syncquery.UnknownResourceError
			require.ErrorAs(t, err, &unknown)
			require.EqualValues(t, 99, unknown.Resource)
		})
		wg.Go(func() {
			got, err := client.Query(within(t, time.Minute), 1)
			require.NoError(t, err)
			require.Equal(t, states(1), got)
		})
		wg.Wait()
	})
}

func TestAServerThatMakesNoSenseFailsTheQuery(t *testing.T) {
	t.Parallel()
	a := &able{refuse: func(int, []int64) error {
		return &syncquery.UnknownResourcesError{Resources: []int64{7}} // which nobody asked for
	}}
	together(t, a, func(t *testing.T, client *syncquery.Client) {
		_, err := client.Query(within(t, time.Minute), 1)
		require.ErrorContains(t, err, "[7]")
	})
}

func TestAReadingIsRepeated(t *testing.T) {
	t.Parallel()
	for _, passing := range []error{syncquery.ErrNotDone, syncquery.ErrAnswerLost} {
		a := &able{refuse: func(n int, _ []int64) error {
			if n < 4 {
				return passing
			}
			return nil
		}}
		together(t, a, func(t *testing.T, client *syncquery.Client) {
			got, err := client.Query(within(t, time.Minute), 1)
			require.NoError(t, err)
			require.Equal(t, states(1), got)
			require.Len(t, a.readings, 4)
		})
	}
}

func TestAReadingEndsWithItsLastCaller(t *testing.T) {
	t.Parallel()
	a := &able{refuse: func(int, []int64) error { return syncquery.ErrNotDone }}
	together(t, a, func(t *testing.T, client *syncquery.Client) {
		begin := time.Now()
		_, err := client.Query(within(t, 3*time.Second), 1)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, syncquery.ErrNotDone, "what stood in the way last")
		require.Equal(t, 3*time.Second, time.Since(begin))
	})
}

// One reading has its limit; a query's own ids are never parted.
func TestTooManyResourcesAreReadInTurn(t *testing.T) {
	t.Parallel()
	a := &able{}
	together(t, a, func(t *testing.T, client *syncquery.Client) {
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				ids := make([]int64, 400)
				for j := range ids {
					ids[j] = int64(i*400 + j)
				}
				got, err := client.Query(within(t, time.Minute), ids...)
				require.NoError(t, err)
				require.Len(t, got, 400)
			})
		}
		wg.Wait()
		require.Len(t, a.readings, 3)
		for _, ids := range a.readings {
			require.LessOrEqual(t, len(ids), syncquery.MaxTogether)
		}
	})
}
