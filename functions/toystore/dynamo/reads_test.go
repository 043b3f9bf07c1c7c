package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/dynamo"
)

// table is a table whose reads take time, and that remembers them.
type table struct {
	mu      sync.Mutex
	version int64 // the stock of every toy
	batches [][]string
	fails   error
}

func (b *table) read(_ context.Context, names []string) (map[string]toystore.Toy, error) {
	b.mu.Lock()
	version, fails := b.version, b.fails
	b.batches = append(b.batches, names)
	b.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	found := map[string]toystore.Toy{}
	for _, name := range names {
		if name != "none" {
			found[name] = toystore.Toy{Name: name, Stock: version}
		}
	}
	return found, fails
}

func virtual(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

func TestAQueryAloneIsReadAtOnce(t *testing.T) {
	virtual(t, func(t *testing.T) {
		b := &table{}
		began := time.Now()
		toy, err := dynamo.Joined(b.read)(t.Context(), "Tux")
		require.NoError(t, err)
		require.Equal(t, "Tux", toy.Name)
		require.Equal(t, 10*time.Millisecond, time.Since(began))
	})
}

func TestQueriesThatComeMeanwhileAreReadTogether(t *testing.T) {
	virtual(t, func(t *testing.T) {
		b := &table{}
		query := dynamo.Joined(b.read)
		var all sync.WaitGroup
		for i := range dynamo.ReadsAtATime + 2*dynamo.BatchSize + 10 {
			all.Go(func() {
				toy, err := query(t.Context(), fmt.Sprint("toy ", i))
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint("toy ", i), toy.Name)
			})
			synctest.Wait()
		}
		all.Wait()
		require.Len(t, b.batches, dynamo.ReadsAtATime+3)
		for i, batch := range b.batches {
			require.LessOrEqual(t, len(batch), dynamo.BatchSize)
			require.True(t, i >= dynamo.ReadsAtATime || len(batch) == 1, "the first ones do not wait for others")
		}
	})
}

func TestTheSameToyIsAskedForOnce(t *testing.T) {
	virtual(t, func(t *testing.T) {
		b := &table{}
		query := dynamo.Joined(b.read)
		var all sync.WaitGroup
		for range dynamo.ReadsAtATime + 50 {
			all.Go(func() {
				_, err := query(t.Context(), "Tux")
				require.NoError(t, err)
			})
			synctest.Wait()
		}
		all.Wait()
		require.Len(t, b.batches, dynamo.ReadsAtATime+1)
		require.Equal(t, []string{"Tux"}, b.batches[dynamo.ReadsAtATime])
	})
}

// A read that began before a query is not for it: it may be older than a sale that the
// asker knows of.
func TestAReadIsNeverOlderThanItsQuery(t *testing.T) {
	virtual(t, func(t *testing.T) {
		b := &table{}
		query := dynamo.Joined(b.read)
		var all sync.WaitGroup
		for range dynamo.ReadsAtATime {
			all.Go(func() { _, _ = query(t.Context(), "Tux") })
			synctest.Wait()
		}
		// All reads are under way, with the old version.
		b.mu.Lock()
		b.version = 7
		b.mu.Unlock()
		toy, err := query(t.Context(), "Tux")
		require.NoError(t, err)
		require.Equal(t, int64(7), toy.Stock)
		all.Wait()
	})
}

func TestWhatIsNotThereAndWhatFails(t *testing.T) {
	virtual(t, func(t *testing.T) {
		b := &table{}
		query := dynamo.Joined(b.read)
		_, err := query(t.Context(), "none")
		require.ErrorIs(t, err, toystore.ErrNoSuchToy)
		b.fails = errors.New("throttled")
		_, err = query(t.Context(), "none")
		require.ErrorIs(t, err, b.fails)
	})
}

// Who gives up neither waits nor takes others' answers along.
func TestWhoGivesUpLeavesTheOthersTheirAnswers(t *testing.T) {
	virtual(t, func(t *testing.T) {
		b := &table{}
		query := dynamo.Joined(b.read)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range dynamo.ReadsAtATime + 2 {
			all.Go(func() {
				_, err := query(ctx, "Tux")
				require.ErrorIs(t, err, context.Canceled)
			})
			synctest.Wait()
		}
		all.Go(func() {
			toy, err := query(t.Context(), "Fox")
			require.NoError(t, err)
			require.Equal(t, "Fox", toy.Name)
		})
		synctest.Wait()
		cancel()
		all.Wait()
		require.Equal(t, []string{"Fox"}, b.batches[len(b.batches)-1], "nobody waits for Tux any more")
	})
}

// A database that hangs does not keep readers for ever.
func TestAReadThatHangsEnds(t *testing.T) {
	virtual(t, func(t *testing.T) {
		began := time.Now()
		_, err := dynamo.Joined(func(ctx context.Context, _ []string) (map[string]toystore.Toy, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})(t.Context(), "Tux")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(began)) // the bubble's clock
	})
}
