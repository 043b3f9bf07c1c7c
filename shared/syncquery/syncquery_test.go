package syncquery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

// small is a registry in which 3 has one home only, 9 none, and d serves nothing.
func small() syncquery.Registry {
	return syncquery.Registry{
		{Name: "b", Resources: []int64{1, 2}},
		{Name: "a", Resources: []int64{1, 2, 4}},
		{Name: "c", Resources: []int64{3, 4}},
		{Name: "d"},
	}
}

// everyStrategy runs the test in a bubble with a fake of the small registry and a
// client named "me", and holds what must hold whatever happens: nothing is read
// without our lock, and nobody else's lock is freed.
func everyStrategy(t *testing.T, options syncquery.Options, test func(*testing.T, *fake, *conn, *syncquery.Client)) {
	t.Helper()
	for _, strategy := range syncquery.Strategies() {
		t.Run(string(strategy), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFake(small())
				c := f.as("me")
				client := syncquery.New(c, strategy, options)
				defer client.Close() // for those who did not, and twice does no harm
				test(t, f, c, client)
				require.Empty(t, f.wrongs)
			})
		})
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func states(ids ...int64) map[int64]string {
	all := map[int64]string{}
	for _, id := range ids {
		all[id] = stateOf(id)
	}
	return all
}

func TestQueryAnswersEveryResourceAndLeavesNoLock(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, _ *conn, client *syncquery.Client) {
		got, err := client.Query(within(t, time.Minute), 1, 2, 3, 4)
		require.NoError(t, err)
		require.Equal(t, states(1, 2, 3, 4), got)
		require.Empty(t, client.Close())
		require.Empty(t, f.left("me"))
	})
}

func TestAnEmptyQueryIsAnsweredWithoutALock(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, _ *conn, client *syncquery.Client) {
		got, err := client.Query(within(t, time.Minute))
		require.NoError(t, err)
		require.NotNil(t, got)
		require.Empty(t, got)
		require.Zero(t, f.count("lock"))
	})
}

func TestTheSameIDTwiceIsReadOnce(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, _ *conn, client *syncquery.Client) {
		got, err := client.Query(within(t, time.Minute), 3, 3, 3)
		require.NoError(t, err)
		require.Equal(t, states(3), got)
		require.Equal(t, 1, f.reads[3])
		require.Equal(t, 1, f.count("lock"))
	})
}

func TestAnUnknownIDFailsOnlyItsOwnQuery(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, _ *conn, client *syncquery.Client) {
		ctx := within(t, time.Minute)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := client.Query(ctx, 1, 9)
				var unknown *syncquery.UnknownResourceError
				require.ErrorAs(t, err, &unknown)
				require.EqualValues(t, 9, unknown.Resource)
			})
			wg.Go(func() {
				got, err := client.Query(ctx, 1, 3)
				require.NoError(t, err)
				require.Equal(t, states(1, 3), got)
			})
		}
		wg.Wait()
		client.Close()
		require.Empty(t, f.left("me"))
	})
}

// A 403 says that an endpoint is locked, never that it is we who hold it.
func TestSomebodyElsesLockIsWaitedFor(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, _ *conn, client *syncquery.Client) {
		f.give("c", "other")
		time.AfterFunc(10*time.Second, func() { f.give("c", "") })
		begin := time.Now()
		got, err := client.Query(within(t, time.Minute), 1, 3)
		require.NoError(t, err)
		require.Equal(t, states(1, 3), got)
		require.GreaterOrEqual(t, time.Since(begin), 10*time.Second)
		client.Close()
		require.Empty(t, f.left("me"))
	})
}

func TestADeadlineEndsTheWaitWithTheReason(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, _ *conn, client *syncquery.Client) {
		f.give("c", "other")
		_, err := client.Query(within(t, 5*time.Second), 1, 3)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, syncquery.ErrAlreadyLocked)
		require.Empty(t, client.Close())
		require.Equal(t, []string{"c"}, f.left("other"), "somebody else's lock must stay")
		require.Less(t, f.count("lock"), 400, "between tries there are pauses")
		require.Empty(t, f.left("me"), "what was locked meanwhile must be freed")
	})
}

func TestAnEndpointThatVanishesIsPlannedAround(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, c *conn, client *syncquery.Client) {
		c.after = func(_ context.Context, this call) error {
			if this.number == 0 { // once the registry is read
				f.set(slices.DeleteFunc(small(), func(e syncquery.Endpoint) bool { return e.Name == "a" }))
			}
			return nil
		}
		got, err := client.Query(within(t, time.Minute), 1, 2, 4)
		require.NoError(t, err)
		require.Equal(t, states(1, 2, 4), got)
		client.Close()
		require.Empty(t, f.left("me"))
	})
}

func TestAReadingWhoseLockSomebodyFreedIsThrownAway(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, c *conn, client *syncquery.Client) {
		freed := false
		c.after = func(_ context.Context, this call) error {
			if this.kind == "read" && !freed {
				freed = true
				f.give(this.endpoint, "")
			}
			return nil
		}
		got, err := client.Query(within(t, time.Minute), 3)
		require.NoError(t, err)
		require.Equal(t, states(3), got)
		require.Equal(t, 2, f.reads[3], "the first reading was not of one moment")
	})
}

// The answer to a DELETE is lost, and somebody else locks the endpoint right then:
// to repeat the DELETE would free the other's lock.
func TestAnUnlockWhoseAnswerWasLostIsNotRepeated(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, c *conn, client *syncquery.Client) {
		c.after = func(_ context.Context, this call) error {
			if this.kind == "unlock" {
				f.give(this.endpoint, "other")
				return syncquery.ErrAnswerLost
			}
			return nil
		}
		_, err := client.Query(within(t, time.Minute), 3)
		require.NoError(t, err)
		require.Equal(t, []string{"c"}, client.Close(), "it may still be locked by us, for all we know")
		require.Equal(t, []string{"c"}, f.left("other"))
		require.Equal(t, 1, f.count("unlock"))
	})
}

// Nothing was done, or not even sent: the lock is still ours, and can still be freed.
func TestAnUnlockThatWasNotDoneIsRepeated(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{syncquery.ErrNotDone, syncquery.ErrUnreachable} {
		everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, c *conn, client *syncquery.Client) {
			tries := 0
			c.before = func(_ context.Context, this call) error {
				if this.kind == "unlock" {
					if tries++; tries < 4 {
						return failure
					}
				}
				return nil
			}
			_, err := client.Query(within(t, time.Minute), 3)
			require.NoError(t, err)
			require.Empty(t, client.Close())
			require.Empty(t, f.left("me"))
		})
	}
}

// Reading has no effect: what got no answer is read again under the same lock.
func TestAReadWithoutAnAnswerIsRepeated(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, c *conn, client *syncquery.Client) {
		failed := 0
		c.before = func(_ context.Context, this call) error {
			if this.kind == "read" {
				if failed++; failed < 3 {
					return syncquery.ErrAnswerLost
				}
			}
			return nil
		}
		_, err := client.Query(within(t, time.Minute), 3)
		require.NoError(t, err)
		require.Equal(t, 1, f.count("lock"))
	})
}

// trouble is what can befall a call, by what it does to it.
var trouble = map[string]func(c *conn, at int, cancel func()){
	"the query is cancelled": func(c *conn, at int, cancel func()) {
		c.before = func(_ context.Context, this call) error {
			if this.number == at {
				cancel()
			}
			return nil
		}
	},
	"the call panics": func(c *conn, at int, _ func()) {
		c.before = func(_ context.Context, this call) error {
			if this.number == at {
				panic("a bug in the transport")
			}
			return nil
		}
	},
	"the server fails": func(c *conn, at int, _ func()) { c.before = failAt(at, syncquery.ErrNotDone) },
	"the call can't be made, for good": func(c *conn, at int, _ func()) {
		c.before = failAt(at, errors.New("certificate expired"))
	},
	"the answer is lost": func(c *conn, at int, _ func()) { c.after = failAt(at, syncquery.ErrAnswerLost) },
	"the answer never comes": func(c *conn, at int, _ func()) {
		c.after = func(ctx context.Context, this call) error {
			if this.number == at {
				<-ctx.Done()
				return fmt.Errorf("%w: %w", syncquery.ErrAnswerLost, ctx.Err())
			}
			return nil
		}
	},
}

func failAt(at int, err error) func(context.Context, call) error {
	return func(_ context.Context, this call) error {
		if this.number == at {
			return err
		}
		return nil
	}
}

// Whatever befalls whichever call, the query ends by its deadline, and no lock is
// left but one whose answer was lost, which Close names.
func TestNoLockIsLeftWhateverBefallsACall(t *testing.T) {
	t.Parallel()
	for what, befall := range trouble {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for at := range 12 { // no strategy makes more calls for this query
				everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, c *conn, client *syncquery.Client) {
					possibly, _ := queryThrough(t, c, client, befall, at)
					for _, name := range f.left("me") {
						require.Contains(t, possibly, name, "call %d", at)
					}
					for _, name := range possibly { // no alarm without a reason
						require.True(t, f.lost[name] || what == "the call panics" || what == "the call can't be made, for good", "call %d: %s", at, name)
					}
				})
			}
		})
	}
}

// Alone, a client can free what is in doubt, and nothing is left at all.
func TestAloneNoLockIsLeftWhateverBefallsACall(t *testing.T) {
	t.Parallel()
	for what, befall := range trouble {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for at := range 12 {
				everyStrategy(t, syncquery.Options{Alone: true}, func(t *testing.T, f *fake, c *conn, client *syncquery.Client) {
					possibly, err := queryThrough(t, c, client, befall, at)
					require.NotErrorIs(t, err, context.DeadlineExceeded, "one fault must not make a query wait for its deadline")
					require.Empty(t, possibly, "call %d", at)
					require.Empty(t, f.left("me"), "call %d", at)
				})
			}
		})
	}
}

// queryThrough asks one query while trouble befalls one of its calls, and returns
// what Close does, and the query's error.
func queryThrough(t *testing.T, c *conn, client *syncquery.Client, befall func(*conn, int, func()), at int) (possibly []string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	befall(c, at, cancel)
	got, err := client.Query(ctx, 1, 3, 4)
	if err == nil {
		require.Equal(t, states(1, 3, 4), got)
	}
	return client.Close(), err
}

func TestACancelledQueryReturnsAtOnce(t *testing.T) {
	t.Parallel()
	everyStrategy(t, syncquery.Options{}, func(t *testing.T, f *fake, _ *conn, client *syncquery.Client) {
		f.give("c", "other")
		cause := errors.New("the user went away")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { cancel(cause) })
		begin := time.Now()
		_, err := client.Query(ctx, 3)
		require.ErrorIs(t, err, cause)
		require.Less(t, time.Since(begin), 4*time.Second)
		_, err = client.Query(ctx, 3)
		require.Error(t, err, "a query that is done before it begins makes no calls")
		client.Close()
	})
}
