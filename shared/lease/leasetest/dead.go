package leasetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// dead is entries of processes that are no more.
var dead = map[string]func(*testing.T, Open){
	"does not block a try":                      deadAndTry,
	"does not block an acquire":                 deadAndAcquire,
	"does not block a lock":                     deadAndLock,
	"waiters don't block who is behind them":    deadWaiters,
	"entries on idle keys don't fill it":        deadIdle,
	"entries on idle keys go above half of it":  deadAboveHalf,
	"is who was broken or evicted, to its view": evictedLearns,
	"waiter who was evicted is not granted":     evictedWaiter,
	"waiter who was evicted goes to the end":    evictedWaiterQueuesAgain,
	"waiter who was broken is told":             brokenWaiter,
}

func deadAndTry(t *testing.T, open Open) {
	store := open(t)
	before := mustEnqueue(t, process(store), request("a"))
	held, err := ahead(store, time.Hour).Try(t.Context(), request("a"))
	require.NoError(t, err)
	require.Greater(t, held.Token(), before.Entry.Ticket)
}

func deadAndAcquire(t *testing.T, open Open) {
	store := open(t)
	before := mustEnqueue(t, process(store), request("a"))
	held := mustAcquire(t, ahead(store, time.Hour), "a")
	require.Greater(t, held.Token(), before.Entry.Ticket)
}

func deadAndLock(t *testing.T, open Open) {
	store := open(t)
	mustEnqueue(t, process(store), request("a"))
	_, err := process(store).Lock(t.Context(), "a", 0)
	requireHeld(t, err, "a")
	_, err = ahead(store, time.Hour).Lock(t.Context(), "a", 0)
	require.NoError(t, err)
}

func deadWaiters(t *testing.T, open Open) {
	store := open(t)
	for range 3 {
		mustEnqueue(t, process(store), request("a", "b"))
	}
	mustRelease(t, mustAcquire(t, ahead(store, time.Hour), "b", "c"))
	requireNobody(t, store)
}

// bury fills a namespace with that many entries of the dead, each on a key of its own.
func leaveBehind(t *testing.T, store lease.Store, n int) {
	t.Helper()
	l := process(store)
	require.NoError(t, together(n, func(i int) error {
		_, err := l.Enqueue(t.Context(), request(fmt.Sprint("idle", i)))
		return err
	}))
}

func deadIdle(t *testing.T, open Open) {
	for name, acquire := range map[string]func(*lease.Leaser) error{
		"Acquire": func(l *lease.Leaser) error { _, err := l.Acquire(t.Context(), request("a")); return err },
		"Try":     func(l *lease.Leaser) error { _, err := l.Try(t.Context(), request("a")); return err },
		"Enqueue": func(l *lease.Leaser) error { _, err := l.Enqueue(t.Context(), request("a")); return err },
		"Lock":    func(l *lease.Leaser) error { _, err := l.Lock(t.Context(), "a", 0); return err },
	} {
		store := open(t)
		leaveBehind(t, store, 500)
		require.ErrorIs(t, acquire(process(store)), lease.ErrBusy, "%s: they may live", name)
		require.Len(t, mustView(t, store).Entries, 500, "%s leaves nothing when it fails", name)
		require.NoError(t, acquire(ahead(store, time.Hour)), name)
		require.Len(t, mustView(t, store).Entries, 1, name)
	}
}

// So that an item does not stay big, and every write of it dear, for the dead.
func deadAboveHalf(t *testing.T, open Open) {
	store := open(t)
	leaveBehind(t, store, 250)
	later := ahead(store, time.Hour)
	mustAcquire(t, later, "a")
	require.Len(t, mustView(t, store).Entries, 1)
}

func evictedLearns(t *testing.T, open Open) {
	store := open(t)
	us := process(store)
	evicted, broken := mustAcquire(t, us, "a"), mustAcquire(t, us, "b")
	_, err := ahead(store, time.Hour).Try(t.Context(), request("a"))
	require.NoError(t, err)
	require.ErrorIs(t, evicted.Check(t.Context()), lease.ErrExpired)
	require.ErrorIs(t, evicted.Err(), lease.ErrExpired)
	require.Error(t, evicted.Context().Err())
	_, err = process(store).Break(t.Context(), broken.ID())
	require.NoError(t, err)
	require.ErrorIs(t, broken.Check(t.Context()), lease.ErrBroken)
	require.ErrorIs(t, broken.Release(t.Context()), lease.ErrBroken)
	requireFree(t, store, "b")
}

// evict lets a process with a clock ahead find the dead in its way to a locked key.
func evict(t *testing.T, store lease.Store, key string) {
	t.Helper()
	_, err := ahead(store, time.Hour).Try(t.Context(), request(key))
	require.Empty(t, requireHeld(t, err, key).Owner, "the lock is in the way, and nobody else")
}

func evictedWaiter(t *testing.T, open Open) {
	store := open(t)
	l, r := process(store), request("a")
	_, err := l.Lock(t.Context(), "a", 0)
	require.NoError(t, err)
	mustEnqueue(t, l, r)
	evict(t, store, "a")
	require.NoError(t, l.Unlock(t.Context(), "a"))
	_, err = l.Await(t.Context(), r.Secret, time.Minute)
	require.ErrorIs(t, err, lease.ErrNotFound)
	_, err = l.Renew(t.Context(), r.Secret, time.Minute)
	require.ErrorIs(t, err, lease.ErrNotFound)
}

func evictedWaiterQueuesAgain(t *testing.T, open Open) {
	store := open(t)
	l := process(store)
	_, err := l.Lock(t.Context(), "a", 0)
	require.NoError(t, err)
	known := acquiring(t, store, func(l *lease.Leaser) (*lease.Lease, error) { return l.Acquire(t.Context(), request("a")) })
	unknown := acquiring(t, store, func(l *lease.Leaser) (*lease.Lease, error) {
		r := request("a")
		r.Secret = ""
		return l.Acquire(t.Context(), r)
	})
	places := mustView(t, store).Entries
	require.Len(t, places, 3)
	evict(t, store, "a")
	require.ErrorIs(t, wait(t, known).err, lease.ErrExpired, "its caller chose the id, so the caller must know")
	require.NoError(t, l.Unlock(t.Context(), "a"))
	got := wait(t, unknown)
	require.NoError(t, got.err)
	require.Greater(t, got.lease.Token(), places[2].Ticket)
}

func brokenWaiter(t *testing.T, open Open) {
	store := open(t)
	held := mustAcquire(t, process(store), "a")
	waiting := acquiring(t, store, func(l *lease.Leaser) (*lease.Lease, error) {
		r := request("a")
		r.Secret = ""
		return l.Acquire(t.Context(), r)
	})
	_, err := process(store).Break(t.Context(), mustView(t, store).Entries[1].ID)
	require.NoError(t, err)
	require.ErrorIs(t, wait(t, waiting).err, lease.ErrBroken)
	mustRelease(t, held)
	requireFree(t, store, "a")
}
