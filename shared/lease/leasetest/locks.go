package leasetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// locks is locks without an owner, beside leases.
var locks = map[string]func(*testing.T, Open){
	"exclude leases and each other":             locksExclude,
	"with a limit end":                          locksEnd,
	"an unlock whose answer was lost":           unlockAnswerLost,
	"that were given up leave others' alone":    lockGivenUp,
	"leave those who wait for the key in line":  locksAndWaiters,
	"are freed by whoever comes, and only once": unlockOnce,
}

func locksExclude(t *testing.T, open Open) {
	store := open(t)
	l := process(store)
	e, err := l.Lock(t.Context(), "a", 0)
	require.NoError(t, err)
	require.True(t, e.IsLock())
	_, err = process(store).Lock(t.Context(), "a", 0)
	requireHeld(t, err, "a")
	_, err = process(store).Try(t.Context(), request("b", "a"))
	requireHeld(t, err, "a")
	held := mustAcquire(t, process(store), "b")
	_, err = l.Lock(t.Context(), "b", 0)
	require.Equal(t, "somebody", requireHeld(t, err, "b").Owner)
	require.Equal(t, "somebody", requireHeld(t, l.Unlock(t.Context(), "b"), "b").Owner)
	require.NoError(t, held.Check(t.Context()))
	view := mustView(t, store)
	require.Equal(t, map[string]bool{"a": true, "b": true}, view.WantedKeys(time.Now()))
	require.True(t, view.Locked("a", time.Now()))
	require.False(t, view.Locked("b", time.Now()))
	require.NoError(t, l.Unlock(t.Context(), "a"))
	requireFree(t, store, "a")
}

func locksEnd(t *testing.T, open Open) {
	store := open(t)
	one, err := process(store).Lock(t.Context(), "a", time.Minute)
	require.NoError(t, err)
	later := ahead(store, time.Hour)
	require.ErrorIs(t, later.Unlock(t.Context(), "a"), lease.ErrNotLocked)
	two, err := later.Lock(t.Context(), "a", 0)
	require.NoError(t, err)
	require.Greater(t, two.Ticket, one.Ticket)
	_, err = ahead(store, 1000*time.Hour).Lock(t.Context(), "a", 0)
	requireHeld(t, err, "a")
}

func unlockOnce(t *testing.T, open Open) {
	store := open(t)
	_, err := process(store).Lock(t.Context(), "a", 0)
	require.NoError(t, err)
	require.NoError(t, process(store).Unlock(t.Context(), "a"))
	require.ErrorIs(t, process(store).Unlock(t.Context(), "a"), lease.ErrNotLocked)
}

func unlockAnswerLost(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	_, err := process(store).Lock(t.Context(), "a", 0)
	require.NoError(t, err)
	wire.Next(lease.Remove, AnswerLost)
	require.NoError(t, process(wire).Unlock(t.Context(), "a"))

	_, err = process(store).Lock(t.Context(), "a", 0)
	require.NoError(t, err)
	var other error
	wire.Next(lease.Remove, func(attempt Attempt) (lease.Written, error) {
		other = process(store).Unlock(t.Context(), "a") // somebody else is faster
		return again(attempt)
	})
	require.ErrorIs(t, process(wire).Unlock(t.Context(), "a"), lease.ErrNotLocked)
	require.NoError(t, other)
}

// lockGivenUp is a lock of which nobody knows whether it was made: it was not, but
// somebody else has locked the key meanwhile.
func lockGivenUp(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	var theirs error
	wire.Next(lease.Add, func(Attempt) (lease.Written, error) {
		cancel()
		<-gone
		_, theirs = process(store).Lock(t.Context(), "a", 0)
		return lease.Written{}, lease.ErrUnknown
	})
	undone := wire.Made(lease.Add) // so that the late attempt finds a higher counter
	_, err := process(wire).Lock(ctx, "a", 0)
	require.ErrorIs(t, err, context.Canceled)
	close(gone)
	wait(t, undone)
	require.NoError(t, theirs)
	require.True(t, mustView(t, store).Locked("a", time.Now()))
	require.NoError(t, process(store).Unlock(t.Context(), "a"))
	require.NoError(t, lockAndUnlock(t, store, "a"), "the key is not closed for the id's sake")
}

func locksAndWaiters(t *testing.T, open Open) {
	store := open(t)
	l := process(store)
	_, err := l.Lock(t.Context(), "a", 0)
	require.NoError(t, err)
	r := request("a")
	require.False(t, mustEnqueue(t, process(store), r).Granted)
	require.NoError(t, l.Unlock(t.Context(), "a"))
	_, err = l.Lock(t.Context(), "a", 0)
	requireHeld(t, err, "a")
	status, err := process(store).Await(t.Context(), r.Secret, 0)
	require.NoError(t, err)
	require.True(t, status.Granted)
}
