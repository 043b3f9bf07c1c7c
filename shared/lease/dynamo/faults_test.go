package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep/shared/dynamo/faults"
	"lockstep/shared/lease"
	"lockstep/shared/lease/dynamo"
	"lockstep/shared/need"
)

// with returns the store as a process has it whose client meets the plan.
func with(store *dynamo.Store, plan faults.Plan) *dynamo.Store {
	own := *store
	own.Client = dynamodb.New(store.Client.Options(), faults.Inject(plan))
	return &own
}

func process(store lease.Store) *lease.Leaser { return lease.New(store, lease.Options{}) }

func request(keys ...string) lease.Request {
	return lease.Request{Secret: lease.NewSecret(), Keys: keys, Owner: "test", TTL: time.Minute}
}

func entries(t *testing.T, store lease.Store) []lease.Entry {
	t.Helper()
	view, err := store.Read(t.Context(), true)
	require.NoError(t, err)
	return view.Entries
}

// An enqueue whose answer is lost in whatever way is not put in line again, behind
// who has come since.
func TestAnEnqueueWhoseAnswerIsLostKeepsItsPlace(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	for _, fault := range []faults.Fault{faults.Lost, faults.BrokenOff, faults.ServerErrorAfter} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			store := newStore(client)
			follower := request("a")
			var behind lease.Status
			var err error
			held, acquireErr := process(with(store, func(a faults.Attempt) faults.Fault {
				switch {
				case a.Call == "UpdateItem" && a.N == 1:
					return fault
				case a.Call == "UpdateItem" && a.N == 2:
					behind, err = process(store).Enqueue(t.Context(), follower)
				}
				return faults.None
			})).Acquire(t.Context(), request("a"))
			require.NoError(t, acquireErr)
			require.NoError(t, err)
			require.Less(t, held.Token(), behind.Entry.Ticket)
			require.False(t, behind.Granted)
			require.NoError(t, held.Release(t.Context()))
			status, err := process(store).Await(t.Context(), follower.Secret, time.Minute)
			require.NoError(t, err)
			require.True(t, status.Granted)
		})
	}
}

// requireRefused lets what is held arrive, and requires that it has no effect.
func requireRefused(t *testing.T, store lease.Store, late *faults.Late) {
	t.Helper()
	before := entries(t, store)
	outcomes := late.Release()
	require.NotEmpty(t, outcomes)
	for _, err := range outcomes {
		var refused *types.ConditionalCheckFailedException
		require.ErrorAs(t, err, &refused)
	}
	require.Equal(t, before, entries(t, store))
}

func TestAnEnqueueThatArrivesAfterTheReleaseDoesNotRiseAgain(t *testing.T) {
	t.Parallel()
	store := newStore(need.DynamoDB(t))
	var late faults.Late
	held, err := process(with(store, faults.Nth("UpdateItem", 1, late.Held()))).Acquire(t.Context(), request("a"))
	require.NoError(t, err)
	require.NoError(t, held.Release(t.Context()))
	require.Empty(t, entries(t, store))
	requireRefused(t, store, &late)
}

func TestATryThatArrivesAfterTheReleaseDoesNotRiseAgain(t *testing.T) {
	t.Parallel()
	store := newStore(need.DynamoDB(t))
	var late faults.Late
	held, err := process(with(store, faults.Nth("UpdateItem", 1, late.Held()))).Try(t.Context(), request("a"))
	require.NoError(t, err)
	require.NoError(t, held.Release(t.Context()))
	requireRefused(t, store, &late)
}

func TestARenewalAndAReleaseThatArriveLate(t *testing.T) {
	t.Parallel()
	store := newStore(need.DynamoDB(t))
	var late faults.Late
	r := request("a")
	us := process(with(store, func(a faults.Attempt) faults.Fault {
		if a.Call == "UpdateItem" && (a.N == 2 || a.N == 4) { // the first attempts at the renewal and the release
			return late.Held()
		}
		return faults.None
	}))
	_, err := us.Enqueue(t.Context(), r)
	require.NoError(t, err)
	_, err = us.Renew(t.Context(), r.Secret, time.Minute)
	require.NoError(t, err)
	require.NoError(t, us.Release(t.Context(), r.Secret))
	_, err = process(store).Enqueue(t.Context(), r) // the same id once more
	require.NoError(t, err)
	requireRefused(t, store, &late)
}

func TestAReleaseWhoseAnswerIsLostIsNoError(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	for _, fault := range []faults.Fault{faults.Lost, faults.BrokenOff, faults.ServerErrorAfter} {
		store := newStore(client)
		held, err := process(with(store, faults.Nth("UpdateItem", 2, fault))).Acquire(t.Context(), request("a"))
		require.NoError(t, err)
		require.NoError(t, held.Release(t.Context()), fault)
		require.Empty(t, entries(t, store), fault)
	}
}

// crowd is what processes do whose network is bad.
type crowd struct {
	store    *dynamo.Store
	counters [4]atomic.Int64 // read and written under a lease of the key, in two steps
	added    [4]atomic.Int64 // how often that was done
	mu       sync.Mutex
	tokens   map[string][]int64
}

func TestExclusionUnderRandomFaults(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	for seed, share := range []float64{0.05, 0.1, 0.2} {
		t.Run(fmt.Sprintf("%.0f %%", 100*share), func(t *testing.T) {
			t.Parallel()
			c := &crowd{store: newStore(client), tokens: map[string][]int64{}}
			var late faults.Late
			bad := with(c.store, faults.Random(uint64(seed), share, faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent,
				faults.Lost, faults.BrokenOff, faults.Delayed(20*time.Millisecond), late.After(50*time.Millisecond)))
			var wg sync.WaitGroup
			for range 6 {
				leaser := process(bad)
				for range 2 {
					wg.Go(func() {
						for range 5 {
							c.visit(t, leaser)
						}
					})
				}
			}
			wg.Wait()
			late.Wait()
			c.require(t)
		})
	}
}

// visit acquires two keys, in whatever way, and adds one to the counter of each.
func (c *crowd) visit(t *testing.T, l *lease.Leaser) {
	numbers := rand.Perm(len(c.counters))[:2]
	keys := []string{fmt.Sprint("key", numbers[0]), fmt.Sprint("key", numbers[1])}
	var held *lease.Lease
	for acquire := l.Acquire; held == nil; {
		if rand.IntN(4) == 0 {
			acquire = l.Try
		}
		var err error
		if held, err = acquire(t.Context(), request(keys...)); t.Context().Err() != nil {
			t.Error(err)
			return
		}
	}
	before := [2]int64{c.counters[numbers[0]].Load(), c.counters[numbers[1]].Load()}
	c.mu.Lock()
	for _, key := range keys {
		c.tokens[key] = append(c.tokens[key], held.Token())
	}
	c.mu.Unlock()
	runtime.Gosched()
	for i, n := range numbers {
		c.counters[n].Store(before[i] + 1)
		c.added[n].Add(1)
	}
	if err := held.Release(context.WithoutCancel(t.Context())); err != nil && !errors.Is(err, lease.ErrUnknown) {
		t.Error(err)
	}
}

// require requires that no addition was lost, that tokens have grown, and that what
// is left ends by itself.
func (c *crowd) require(t *testing.T) {
	t.Helper()
	for i := range c.counters {
		require.Equal(t, c.added[i].Load(), c.counters[i].Load())
	}
	for key, tokens := range c.tokens {
		require.True(t, slices.IsSorted(tokens), "%s: %v", key, tokens)
		require.Len(t, slices.Compact(slices.Clone(tokens)), len(tokens), "%s: %v", key, tokens)
	}
	for _, e := range entries(t, c.store) {
		require.NotZero(t, e.Expires)
		require.Less(t, time.Until(e.Expires), time.Minute)
	}
	later := lease.New(c.store, lease.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
	held, err := later.Try(t.Context(), request("key0", "key1", "key2", "key3"))
	require.NoError(t, err)
	require.NoError(t, held.Release(t.Context()))
	require.Empty(t, entries(t, c.store))
}

// Two calls for an acquire and a release that nobody contends for.
func TestTwoCalls(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	for _, n := range []int{1, 3, lease.MaxKeys} {
		var calls atomic.Int64
		store := with(newStore(client), func(faults.Attempt) faults.Fault { calls.Add(1); return faults.None })
		held, err := process(store).Acquire(t.Context(), request(longKeys(n)...))
		require.NoError(t, err)
		require.NoError(t, held.Release(t.Context()))
		require.EqualValues(t, 2, calls.Load(), "%d keys", n)
	}
}

func longKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%0*d", lease.MaxKeyBytes, i)
	}
	return keys
}

// A namespace's item that is deleted, against all advice, and made anew.
func TestADeletedItem(t *testing.T) {
	t.Parallel()
	store := newStore(need.DynamoDB(t))
	us := process(store)
	held, err := us.Acquire(t.Context(), request("a"))
	require.NoError(t, err)
	waiter := request("a")
	_, err = us.Enqueue(t.Context(), waiter)
	require.NoError(t, err)
	_, err = store.Client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
		TableName: &store.Table, Key: map[string]types.AttributeValue{"namespace": &types.AttributeValueMemberS{Value: store.Namespace}},
	})
	require.NoError(t, err)
	require.ErrorIs(t, held.Check(t.Context()), lease.ErrExpired)
	_, err = us.Await(t.Context(), waiter.Secret, time.Minute)
	require.ErrorIs(t, err, lease.ErrNotFound)
	next, err := us.Acquire(t.Context(), request("a"))
	require.NoError(t, err)
	require.Greater(t, next.Token(), held.Token())
	require.ErrorIs(t, held.Release(t.Context()), lease.ErrExpired)
	require.NoError(t, next.Check(t.Context()))
}
