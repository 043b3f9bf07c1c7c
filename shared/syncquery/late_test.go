package syncquery_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

// A call that is given up may still be waiting in the server, which gets to it when
// everything else is over: the lock that it takes then is ours, and must not go
// unreported.
func TestALockThatComesLateIsReported(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, c *conn, client *syncquery.Client) {
		c.before = hangFirst("lock")
		_, err := client.Query(within(t, time.Minute), 3)
		require.NoError(t, err)
		require.Equal(t, []string{"c"}, client.Close())
		f.give("c", "me") // now it comes
	})
}

// Alone, what is in doubt is freed on the way, but never what is held: a late doubt
// outlives the lock that was taken there since.
func TestAloneNothingIsFreedThatIsHeld(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{Alone: true}, func(t *testing.T, f *fake, c *conn, client *syncquery.Client) {
		hang, refusals := hangFirst("lock"), 0
		c.before = func(ctx context.Context, this call) error {
			if this.kind == "lock" && this.endpoint == "c" && refusals < 5 {
				refusals++ // meanwhile the other endpoint, whose first lock came to nothing, is held
				return syncquery.ErrNotDone
			}
			return hang(ctx, this)
		}
		got, err := client.Query(within(t, 5*time.Minute), 1, 3)
		require.NoError(t, err)
		require.Equal(t, states(1, 3), got)
		require.Empty(t, client.Close())
		require.Empty(t, f.left("me"))
	})
}

func hangFirst(kind string) func(context.Context, call) error {
	hung := false
	return func(ctx context.Context, this call) error {
		if this.kind == kind && !hung {
			hung = true
			<-ctx.Done()
			return syncquery.ErrAnswerLost
		}
		return nil
	}
}

// However many calls hang, and for however long: a query ends at its deadline.
func TestAQueryEndsAtItsDeadlineWhateverHangs(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"registry", "lock", "read", "unlock"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			everyStrategy(t, syncquery.Options{}, func(t *testing.T, _ *fake, c *conn, client *syncquery.Client) {
				c.before = func(ctx context.Context, this call) error {
					if this.kind == kind {
						<-ctx.Done()
						return syncquery.ErrAnswerLost
					}
					return nil
				}
				begin := time.Now()
				_, err := client.Query(within(t, time.Second), 1, 3, 4)
				require.Error(t, err)
				require.Equal(t, time.Second, time.Since(begin))
			})
		})
	}
}

// A resource whose reading hangs fails who asked for it, once, and nobody else.
func TestAReadThatHangsFailsItsOwnQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(small())
		c := f.as("me")
		c.before = func(ctx context.Context, this call) error {
			if this.kind == "read" && this.endpoint == "c" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		client := syncquery.New(c, syncquery.Group, syncquery.Options{})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := client.Query(within(t, 10*time.Minute), 3)
			require.ErrorContains(t, err, "no answer within 30s")
		})
		wg.Go(func() {
			time.Sleep(time.Second)
			_, err := client.Query(within(t, time.Minute), 1)
			require.NoError(t, err)
		})
		wg.Wait()
		client.Close()
	})
}

// Two clients that lock one endpoint after the other and keep what they have: since
// both go by name, they can't wait for each other.
func TestTwoClientsThatHoldAndWaitDoNotDeadlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(syncquery.Registry{{Name: "b", Resources: []int64{1, 4}}, {Name: "a", Resources: []int64{2, 3}}})
		var wg sync.WaitGroup
		for i, ids := range [][]int64{{1, 2}, {3, 4}} {
			client := syncquery.New(f.as(strconv.Itoa(i)), syncquery.Baseline, syncquery.Options{})
			wg.Go(func() {
				defer client.Close()
				for range 20 {
					_, err := client.Query(within(t, time.Minute), ids...)
					require.NoError(t, err)
				}
			})
		}
		wg.Wait()
		require.Empty(t, f.wrongs)
	})
}

// What a home of a resource answers for good is no reason to give the resource up
// while another home may still do.
func TestAnErrorOfOneHomeDoesNotFailWhatAnotherServes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(small())
		c := f.as("me")
		c.before = func(_ context.Context, this call) error {
			if this.kind == "lock" && this.endpoint == "b" {
				return context.Canceled // an error that does not pass
			}
			return nil
		}
		f.give("a", "other")
		time.AfterFunc(5*time.Second, func() { f.give("a", "") })
		client := syncquery.New(c, syncquery.Group, syncquery.Options{})
		_, err := client.Query(within(t, time.Minute), 1)
		require.NoError(t, err)
		client.Close()
	})
}
