package leasetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// repeats is what is done twice, or seems to be.
var repeats = map[string]func(*testing.T, Open){
	"an enqueue whose answer was lost keeps its place": enqueueKeepsItsPlace,
	"a request keeps its place when it is repeated":    requestKeepsItsPlace,
	"a lease is not trusted longer for a repeat":       repeatIsTrustedLess,
	"a release can be repeated":                        releaseRepeated,
	"a release whose answer was lost is no error":      releaseAnswerLost,
	"a caller who is gone leaves nothing":              callerGone,
	"a caller who is gone for a lost answer, too":      callerGoneAndAnswerLost,
	"one failed release does not stop others":          failedRelease,
}

func enqueueKeepsItsPlace(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	follower, behind := request("a", "b"), lease.Status{}
	var err error
	wire.Next(lease.Add, func(attempt Attempt) (lease.Written, error) {
		if _, err := attempt(); err != nil { // it is made, but the answer is lost
			return lease.Written{}, err
		}
		behind, err = process(store).Enqueue(t.Context(), follower)
		return again(attempt)
	})
	held := mustAcquire(t, process(wire), "b", "c")
	require.NoError(t, err)
	require.Less(t, held.Token(), behind.Entry.Ticket)
	require.Equal(t, 1, behind.Ahead)
	status, err := process(store).Await(t.Context(), follower.Secret, 0)
	require.NoError(t, err)
	require.False(t, status.Granted)
	mustRelease(t, held)
	status, err = process(store).Await(t.Context(), follower.Secret, time.Minute)
	require.NoError(t, err)
	require.True(t, status.Granted)
}

func requestKeepsItsPlace(t *testing.T, open Open) {
	store := open(t)
	first, second := request("a"), request("a")
	before := []lease.Status{mustEnqueue(t, process(store), first), mustEnqueue(t, process(store), second)}
	after := []lease.Status{mustEnqueue(t, process(store), first), mustEnqueue(t, process(store), second)}
	for i := range before {
		require.True(t, before[i].Added)
		require.False(t, after[i].Added)
		after[i].Added = true
	}
	require.Equal(t, before, after)
	require.True(t, before[0].Granted)
	require.False(t, before[1].Granted)
}

// Who repeats an acquire gets what the first one has left of its time.
func repeatIsTrustedLess(t *testing.T, open Open) {
	store := open(t)
	r := request("a")
	first := mustEnqueue(t, ahead(store, -2*time.Second), r) // two seconds ago
	held, err := process(store).Acquire(t.Context(), r)
	require.NoError(t, err)
	e, _ := mustView(t, store).Find(held.ID())
	require.Equal(t, first.Entry.Ticket, held.Token())
	require.True(t, e.Confirmed, "the time that was left is not enough to rely on")
	require.True(t, e.Expires.After(first.Entry.Expires))
}

func releaseRepeated(t *testing.T, open Open) {
	store := open(t)
	us, r := process(store), request("a")
	held, err := us.Acquire(t.Context(), r)
	require.NoError(t, err)
	mustRelease(t, held)
	other := mustAcquire(t, process(store), "a")
	mustRelease(t, held)
	require.ErrorIs(t, us.Release(t.Context(), r.Secret), lease.ErrNotFound)
	require.NoError(t, other.Check(t.Context()), "the other one's lease is not ours to release")
}

func releaseAnswerLost(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	held := mustAcquire(t, process(wire), "a")
	wire.Next(lease.Remove, AnswerLost)
	mustRelease(t, held)
	requireFree(t, store, "a")

	r := request("a")
	mustEnqueue(t, process(wire), r)
	wire.Next(lease.Remove, AnswerLost)
	require.NoError(t, process(wire).Release(t.Context(), r.Secret))
	requireFree(t, store, "a")
}

func callerGone(t *testing.T, open Open) {
	testCallerGone(t, open(t), func(attempt Attempt) (lease.Written, error) { return attempt() })
}

func callerGoneAndAnswerLost(t *testing.T, open Open) {
	testCallerGone(t, open(t), AnswerLost)
}

// testCallerGone gives up every kind of request while its write is under way.
func testCallerGone(t *testing.T, store lease.Store, fate Fate) {
	for _, begin := range map[string]func(context.Context, *lease.Leaser) error{
		"Acquire": func(ctx context.Context, l *lease.Leaser) error { _, err := l.Acquire(ctx, request("a")); return err },
		"Enqueue": func(ctx context.Context, l *lease.Leaser) error { _, err := l.Enqueue(ctx, request("a")); return err },
		"Try":     func(ctx context.Context, l *lease.Leaser) error { _, err := l.Try(ctx, request("a")); return err },
		"Lock":    func(ctx context.Context, l *lease.Leaser) error { _, err := l.Lock(ctx, "a", 0); return err },
	} {
		wire := NewWire(store)
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan struct{})
		wire.Next(lease.Add, func(attempt Attempt) (lease.Written, error) {
			cancel()
			<-gone
			return fate(attempt)
		})
		removed := wire.Made(lease.Remove)
		require.ErrorIs(t, begin(ctx, process(wire)), context.Canceled)
		close(gone)
		wait(t, removed)
		requireFree(t, store, "a")
	}
	require.NoError(t, lockAndUnlock(t, store, "a"), "what was given up is in nobody's way")
	requireNobody(t, store)
}

func lockAndUnlock(t *testing.T, store lease.Store, key string) error {
	t.Helper()
	if _, err := process(store).Lock(t.Context(), key, 0); err != nil {
		return err
	}
	return process(store).Unlock(t.Context(), key)
}

func failedRelease(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	us := process(wire)
	one, two := mustAcquire(t, us, "a"), mustAcquire(t, us, "b")
	wire.Next(lease.Remove, Failed)
	require.Error(t, one.Release(t.Context()))
	mustRelease(t, two)
	requireFree(t, store, "b")
	_, err := process(store).Try(t.Context(), request("a"))
	requireHeld(t, err, "a")
	requireFree(t, store, "b")
	mustRelease(t, mustAcquire(t, ahead(store, time.Hour), "a")) // its time ends it
}
