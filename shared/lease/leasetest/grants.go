package leasetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// grants is when a lease is ours, and what it costs.
var grants = map[string]func(*testing.T, Open){
	"views that are old grant nothing":                          oldViews,
	"who was removed while the enqueue went on is not granted":  removedOnTheWay,
	"a view from before the first write grants nothing":         viewFromBefore,
	"two writes for an acquire and release, whatever the keys":  twoWrites,
	"what is read under a lease can be checked to be of one go": check,
}

// oldViews lets the polls of a waiter return every view that there ever was, from
// the empty one on, each several times.
func oldViews(t *testing.T, open Open) {
	store := open(t)
	views := []lease.View{mustView(t, store)}
	requireFree(t, store, "a")
	views = append(views, mustView(t, store))
	front := mustAcquire(t, process(store), "a")
	views = append(views, mustView(t, store))

	wire := NewWire(store)
	var mu sync.Mutex
	polls, released := 0, error(nil)
	wire.OnRead = func(consistent bool, read func() (lease.View, error)) (lease.View, error) {
		mu.Lock()
		defer mu.Unlock()
		polls++
		if polls < 5*len(views) && !consistent {
			return views[polls%len(views)], nil
		}
		if polls == 5*len(views) {
			released = front.Release(t.Context())
		}
		return read()
	}
	r := request("a")
	r.Secret = ""
	held, err := process(wire).Acquire(t.Context(), r)
	require.NoError(t, err)
	require.NoError(t, released)
	require.GreaterOrEqual(t, polls, 5*len(views), "it was not granted before the release")
	require.Equal(t, front.Token()+1, held.Token(), "it has kept its place")
}

// removedOnTheWay is a waiter who is broken while the enqueue's other half, its tomb,
// is written; then the one before it is gone as well.
func removedOnTheWay(t *testing.T, open Open) {
	store := open(t)
	front := mustAcquire(t, process(store), "a")
	wire := NewWire(store)
	wire.Next(lease.Add, AnswerLost)
	var behind lease.Status
	var err error
	r := request("a")
	r.Wait = 20 * time.Second // should there be no tomb
	wire.Next(lease.Bury, func(attempt Attempt) (lease.Written, error) {
		if _, err = process(store).Break(t.Context(), lease.PublicID(r.Secret)); err == nil {
			behind, err = process(store).Enqueue(t.Context(), request("a"))
		}
		if err == nil {
			err = front.Release(t.Context())
		}
		return attempt()
	})
	_, refused := process(wire).Acquire(t.Context(), r)
	require.NoError(t, err)
	require.ErrorIs(t, refused, lease.ErrBroken)
	_, stands := mustView(t, store).Find(behind.Entry.ID)
	require.True(t, stands)
}

// viewFromBefore is a consistent read whose answer takes so long that the namespace's
// first write has been made meanwhile.
func viewFromBefore(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	us := process(wire)
	reading, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	wire.OnRead = func(_ bool, read func() (lease.View, error)) (lease.View, error) {
		view, err := read()
		once.Do(func() {
			close(reading)
			<-gate
		})
		return view, err
	}
	read := make(chan error, 1)
	go func() { _, err := us.View(t.Context()); read <- err }()
	wait(t, reading)
	front, r := mustAcquire(t, process(store), "a"), request("a")
	require.False(t, mustEnqueue(t, us, r).Granted)
	waiting, inLine := make(chan acquired, 1), wire.Made(lease.Add)
	go func() { held, err := us.Acquire(t.Context(), r); waiting <- acquired{held, err} }()
	wait(t, inLine)
	close(gate)
	require.NoError(t, wait(t, read))
	mustRelease(t, front)
	got := wait(t, waiting)
	require.NoError(t, got.err, "its place stands")
	require.Equal(t, front.Token()+1, got.lease.Token())
}

func twoWrites(t *testing.T, open Open) {
	for _, n := range []int{1, 3, lease.MaxKeys} {
		wire := NewWire(open(t)) // a new namespace, without any set-up
		held := mustAcquire(t, process(wire), manyKeys(n)...)
		require.Len(t, held.Keys(), n)
		mustRelease(t, held)
		require.EqualValues(t, 2, wire.Writes.Load(), "%d keys", n)
		require.Zero(t, wire.Reads.Load(), "%d keys", n)
	}
}

// check is two leases, of which the one that is checked was lost in between.
func check(t *testing.T, open Open) {
	store := open(t)
	one, two := mustAcquire(t, process(store), "a"), mustAcquire(t, process(store), "b")
	require.NoError(t, one.Check(t.Context()))
	requireFreeTo(t, ahead(store, time.Hour), "a") // held by somebody else, and free again
	require.ErrorIs(t, one.Check(t.Context()), lease.ErrExpired)
	require.ErrorIs(t, one.Check(t.Context()), lease.ErrExpired)
	require.NoError(t, two.Check(t.Context()))
}
