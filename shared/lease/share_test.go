package lease_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/lease/leasetest"
)

// What callers within one process share.

func TestTwentyLeasesAreRenewedTogether(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		wire := leasetest.NewWire(slow{&lease.Memory{}, latency})
		l := lease.New(wire, lease.Options{})
		var leases []*lease.Lease
		for i := range 20 {
			leases = append(leases, mustAcquire(t.Context(), t, l, request(fmt.Sprint("key", i))))
			time.Sleep(77 * time.Millisecond) // they fall due one after the other
		}
		time.Sleep(10 * time.Second)
		before := wire.Writes.Load()
		time.Sleep(100 * time.Second) // 30 times the third of their ten seconds
		require.LessOrEqual(t, wire.Writes.Load()-before, int64(2*31))
		require.GreaterOrEqual(t, wire.Writes.Load()-before, int64(29))
		require.Zero(t, wire.Reads.Load())
		for _, held := range leases {
			require.NoError(t, held.Err())
		}
	})
}

func TestHandOff(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := &lease.Memory{}
		wire := leasetest.NewWire(slow{store, latency})
		l := lease.New(wire, lease.Options{})
		front := mustAcquire(t.Context(), t, l, request("a", "b"))
		one, two := acquiring(t.Context(), l, request("a")), acquiring(t.Context(), l, request("b", "c"))
		afterPoll(wire)
		reads, writes := wire.Reads.Load(), wire.Writes.Load()
		var granted []lease.Entry // by which write
		store.OnWrite = func(_, after lease.View) { granted = append(granted, after.Entries...) }
		released := time.Now()
		require.NoError(t, front.Release(t.Context()))
		for _, waiting := range []<-chan acquired{one, two} {
			got := <-waiting
			require.NoError(t, got.err)
			require.Equal(t, latency, got.at.Sub(released), "as soon as the release itself")
		}
		require.Equal(t, reads, wire.Reads.Load())
		require.Equal(t, writes+1, wire.Writes.Load(), "the release")
		require.Len(t, granted, 2)
		require.True(t, granted[0].Confirmed && granted[1].Confirmed)
	})
}

// inLine waits until whoever acquires something stands in line.
func inLine() { time.Sleep(5 * latency) }

// afterPoll waits until a poll is over, after which the next one is some time away.
func afterPoll(wire *leasetest.Wire) {
	time.Sleep(time.Second)
	for polls := wire.Reads.Load(); polls == wire.Reads.Load(); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(2 * latency)
}

// Who is before the local waiter on any of its keys is before it, of whatever process.
func TestNoHandOffPastOthers(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := slow{&lease.Memory{}, latency}
		ours, theirs := lease.New(store, lease.Options{}), lease.New(store, lease.Options{})
		front := mustAcquire(t.Context(), t, ours, request("a"))
		between := acquiring(t.Context(), theirs, request("a", "b"))
		inLine()
		last := acquiring(t.Context(), ours, request("a"))
		inLine()
		require.NoError(t, front.Release(t.Context()))
		second := <-between
		require.NoError(t, second.err)
		time.Sleep(time.Minute)
		require.Empty(t, last)
		require.NoError(t, second.lease.Release(t.Context()))
		third := <-last
		require.NoError(t, third.err)
		require.Greater(t, third.lease.Token(), second.lease.Token())
	})
}

// A hand-off counts once it is written: not if the release fails, and not before.
func TestHandOffThatIsNotWritten(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := &lease.Memory{}
		wire := leasetest.NewWire(slow{store, latency})
		l := lease.New(wire, lease.Options{})
		front := mustAcquire(t.Context(), t, l, request("a"))
		next := acquiring(t.Context(), l, request("a"))
		inLine()
		var late leasetest.Late
		wire.Next(lease.Remove, late.GivenUp)
		expires := mustFind(t, store, front.ID()).Expires
		require.ErrorIs(t, front.Release(t.Context()), lease.ErrUnknown)
		got := <-next
		require.NoError(t, got.err)
		require.Greater(t, got.at, expires, "nobody released it")
		require.NoError(t, got.lease.Release(t.Context()))
		made, err := late.Arrive()
		require.NoError(t, err)
		require.False(t, made)
	})
}

// Thirty waiters of one process look no more often than one does.
func TestPollsAreShared(t *testing.T) {
	t.Parallel()
	reads, writes := map[int]int64{}, map[int]int64{}
	for _, waiters := range []int{1, 30} {
		virtual(t, func(t *testing.T) {
			store := slow{&lease.Memory{}, latency}
			front := mustAcquire(t.Context(), t, lease.New(store, lease.Options{}), request("a"))
			wire := leasetest.NewWire(store)
			l := lease.New(wire, lease.Options{})
			for range waiters {
				acquiring(t.Context(), l, request("a"))
			}
			time.Sleep(time.Minute)
			reads[waiters], writes[waiters] = wire.Reads.Load(), wire.Writes.Load()
			require.NoError(t, front.Err())
		})
	}
	require.LessOrEqual(t, reads[30], reads[1]*5/4, "looks")
	require.LessOrEqual(t, reads[1], int64(60*20), "the more seldom, the longer nothing has happened")
	require.LessOrEqual(t, writes[1], int64(1+60/2))
	require.LessOrEqual(t, writes[30], writes[1]*3, "signs of life go together")
}

// In one write go changes of many callers. One that is refused fails alone.
func TestARefusedReleaseDoesNotStopOthersInTheSameWrite(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := &lease.Memory{}
		wire := leasetest.NewWire(slow{store, latency})
		l := lease.New(wire, lease.Options{})
		one, two, three := mustAcquire(t.Context(), t, l, request("a")), mustAcquire(t.Context(), t, l, request("b")), mustAcquire(t.Context(), t, l, request("c"))
		_, err := lease.New(store, lease.Options{}).Break(t.Context(), two.ID())
		require.NoError(t, err)
		gate := make(chan struct{})
		wire.Next(lease.Add, func(attempt leasetest.Attempt) (lease.Written, error) {
			<-gate
			return attempt()
		})
		first := acquiring(t.Context(), l, request("d"))
		inLine()
		before := wire.Writes.Load()
		errs := make([]error, 3)
		done := make(chan int)
		for i, held := range []*lease.Lease{one, two, three} {
			go func() { errs[i] = held.Release(t.Context()); done <- i }()
		}
		inLine()
		close(gate)
		for range errs {
			<-done
		}
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], lease.ErrBroken)
		require.NoError(t, errs[2])
		require.Equal(t, before+2, wire.Writes.Load(), "all three, and the two that are left")
		require.NoError(t, (<-first).err)
	})
}

// When nobody holds or waits, nothing is done: a Lambda freezes, a process exits.
func TestWhenNobodyHoldsOrWaitsNothingIsDone(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		wire := leasetest.NewWire(slow{&lease.Memory{}, latency})
		l := lease.New(wire, lease.Options{})
		held := mustAcquire(t.Context(), t, l, request("a"))
		ctx, cancel := context.WithCancel(t.Context())
		waiting := acquiring(ctx, l, request("a"))
		time.Sleep(time.Minute)
		cancel()
		require.ErrorIs(t, (<-waiting).err, context.Canceled)
		require.NoError(t, held.Release(t.Context()))
		calls := wire.Reads.Load() + wire.Writes.Load()
		time.Sleep(time.Hour)
		require.Equal(t, calls, wire.Reads.Load()+wire.Writes.Load())
	})
}
