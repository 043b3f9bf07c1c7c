package lease_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/lease/leasetest"
)

// clock is a wall clock that can be set.
type clock struct{ ahead atomic.Int64 }

func (c *clock) set(ahead time.Duration) { c.ahead.Store(int64(ahead)) }

// now is the time without the monotonic clock's, which setting a clock leaves alone.
func (c *clock) now() time.Time { return time.Now().Round(0).Add(time.Duration(c.ahead.Load())) }

func (c *clock) leaser(store lease.Store) *lease.Leaser {
	return lease.New(store, lease.Options{Now: c.now})
}

// Whoever's clock is ahead evicts the others early; it hangs nobody, and tokens grow.
func TestClocksTwoSecondsApart(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{time.Second, 5 * time.Second, time.Minute} {
		t.Run(ttl.String(), func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) { apart(t, ttl) })
		})
	}
}

func apart(t *testing.T, ttl time.Duration) {
	memory := &lease.Memory{}
	store := slow{memory, latency}
	var granted []lease.Entry // in the order of their confirmations
	memory.OnWrite = func(before, after lease.View) {
		for _, e := range after.Entries {
			if was, stood := before.Find(e.ID); e.Confirmed && (!stood || !was.Confirmed) {
				granted = append(granted, e)
			}
		}
	}
	finished := make(chan int, 6)
	for worker := range 6 {
		var c clock
		c.set(time.Duration(worker%3) * time.Second)
		l := c.leaser(store)
		go func() {
			for range 20 {
				r := request("a")
				r.TTL = ttl
				held, err := l.Acquire(t.Context(), r)
				if err != nil {
					break
				}
				time.Sleep(50 * time.Millisecond)
				_ = held.Release(t.Context()) // it may have been evicted
			}
			finished <- worker
		}()
	}
	begin := time.Now()
	for range 6 {
		<-finished
	}
	require.Less(t, time.Since(begin), 2*time.Minute, "120 holds of 50 ms each")
	require.NotEmpty(t, granted)
	for i, e := range granted[1:] {
		require.Greater(t, e.Ticket, granted[i].Ticket)
	}
}

func TestAHolderWhoseClockJumpsForwardDistrustsItsLease(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		var c clock
		wire := leasetest.NewWire(&lease.Memory{})
		held := mustAcquire(t.Context(), t, c.leaser(wire), request("a"))
		time.Sleep(time.Minute)
		wire.Cut(true) // or its next renewal would find out how things stand
		require.NoError(t, held.Err())
		c.set(2 * time.Second)
		require.NoError(t, held.Err())
		c.set(20 * time.Second) // such as a machine that was asleep
		require.Error(t, held.Err())
		require.NoError(t, held.Context().Err(), "a timer does not notice")
		c.set(0)
		require.NoError(t, held.Err())
	})
}

func TestAHolderWhoseClockJumpsBackDoesNotTrustItsLeaseLonger(t *testing.T) {
	t.Parallel()
	for _, back := range []time.Duration{time.Second, time.Hour} {
		t.Run(back.String(), func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				var c clock
				store := &lease.Memory{}
				wire := leasetest.NewWire(store)
				held := mustAcquire(t.Context(), t, c.leaser(wire), request("a"))
				time.Sleep(time.Minute)
				expires := mustFind(t, store, held.ID()).Expires
				wire.Cut(true)
				c.set(-back)
				<-held.Context().Done()
				require.Error(t, held.Err())
				require.WithinDuration(t, expires.Add(-time.Second), time.Now(), time.Millisecond)
			})
		})
	}
}

// The store takes no renewal of a holder whose clock is far behind what it was: the
// holder knows that its time is over before anybody else has the lease.
func TestAHolderWhoseClockJumpsFarBackLosesItsLeaseInTime(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := slow{&lease.Memory{}, latency}
		var c clock
		held := mustAcquire(t.Context(), t, c.leaser(store), request("a"))
		next := acquiring(t.Context(), lease.New(store, lease.Options{}), request("a"))
		time.Sleep(time.Minute)
		c.set(-time.Hour)
		<-held.Context().Done()
		requireLost(t, held, lease.ErrExpired)
		require.Empty(t, next)
		require.NoError(t, (<-next).err)
	})
}

// Holders and waiters go on when their clocks are set by less than a lease's time, or
// forward.
func TestAClockThatJumpsHangsNobody(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{-5 * time.Second, -2 * time.Second, 2 * time.Second, time.Hour} {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				store := slow{&lease.Memory{}, latency}
				var holders, waiters clock
				wire := leasetest.NewWire(store)
				held := mustAcquire(t.Context(), t, holders.leaser(store), request("a"))
				waiting := acquiring(t.Context(), waiters.leaser(wire), request("a"))
				time.Sleep(time.Minute)
				holders.set(jump)
				time.Sleep(time.Minute)
				require.NoError(t, held.Err(), "it is renewed all the same")
				waiters.set(jump)
				time.Sleep(time.Minute)
				require.NoError(t, held.Err())
				require.Less(t, wire.Writes.Load(), int64(200), "a write every 2 s, and some for the jump")
				require.NoError(t, held.Release(t.Context()))
				released := time.Now()
				got := <-waiting
				require.NoError(t, got.err)
				require.Greater(t, got.lease.Token(), held.Token())
				require.Less(t, got.at.Sub(released), time.Second)
			})
		})
	}
}

// Of two clocks that differ by less than the allowance, none evicts a lease that its
// holder trusts.
func TestClocksWithinTheAllowance(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-lease.SkewAllowance, 0, lease.SkewAllowance} {
		t.Run(fmt.Sprint(skew), func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				store := &lease.Memory{}
				var theirs clock
				theirs.set(skew)
				wire := leasetest.NewWire(store)
				held := mustAcquire(t.Context(), t, lease.New(wire, lease.Options{}), request("a"))
				waiting := acquiring(t.Context(), theirs.leaser(store), request("a"))
				time.Sleep(time.Minute)
				wire.Cut(true)
				<-held.Context().Done()
				lost := time.Now()
				got := <-waiting
				require.NoError(t, got.err)
				require.GreaterOrEqual(t, got.at.Sub(lost), time.Second, "the margin")
				require.Less(t, got.at.Sub(lost), time.Second+lease.SkewAllowance+time.Second)
			})
		})
	}
}
