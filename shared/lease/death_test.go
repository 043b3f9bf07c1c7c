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

// mortal is a process that can die: nothing is heard of it then.
type mortal struct {
	*lease.Leaser
	ctx  context.Context
	wire *leasetest.Wire
	end  context.CancelFunc
}

func newMortal(t *testing.T, store lease.Store) *mortal {
	m := &mortal{wire: leasetest.NewWire(store)}
	m.Leaser = lease.New(m.wire, lease.Options{})
	m.ctx, m.end = context.WithCancel(t.Context())
	return m
}

func (m *mortal) die() {
	m.wire.Cut(true)
	m.end()
}

// latency is that of a call in these tests.
const latency = 10 * time.Millisecond

func TestACrashedHolderDelaysTheNextByItsRemainingTimeAndASecond(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{lease.MinTTL, time.Second, 10 * time.Second, lease.MaxTTL} {
		for _, lived := range []time.Duration{0, time.Second, 40 * time.Second} {
			t.Run(fmt.Sprint(ttl, " crashed after ", lived), func(t *testing.T) {
				t.Parallel()
				virtual(t, func(t *testing.T) { crash(t, ttl, lived) })
			})
		}
	}
}

func crash(t *testing.T, ttl, lived time.Duration) {
	store := slow{&lease.Memory{}, latency}
	holder, r := newMortal(t, store), request("a")
	r.TTL = ttl
	held := mustAcquire(holder.ctx, t, holder.Leaser, r)
	next := acquiring(t.Context(), lease.New(store, lease.Options{}), request("a"))
	time.Sleep(lived)
	require.NoError(t, held.Err())
	holder.die()
	expires := mustFind(t, store.Store, held.ID()).Expires
	got := <-next
	require.NoError(t, got.err)
	require.Less(t, got.at.Sub(expires), time.Second)
	require.Greater(t, got.at.Sub(expires), lease.SkewAllowance, "its clock may be behind")
	if lived == 0 {
		require.LessOrEqual(t, time.Until(expires), 5*time.Second, "it was never renewed")
	}
}

func TestDeadWaitersDelayOthersBySixSeconds(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{lease.MinTTL, 3 * time.Second, lease.MaxTTL} {
		for _, waited := range []time.Duration{0, 1900 * time.Millisecond, 2100 * time.Millisecond, time.Minute} {
			for _, cancelled := range []bool{false, true} {
				t.Run(fmt.Sprint(ttl, " dead after ", waited, " cancelled ", cancelled), func(t *testing.T) {
					t.Parallel()
					virtual(t, func(t *testing.T) { dieWaiting(t, ttl, waited, cancelled) })
				})
			}
		}
	}
}

// dieWaiting lets three waiters die at once. Who was granted when it was dead, but
// for its confirmation, is one of them.
func dieWaiting(t *testing.T, ttl, waited time.Duration, cancelled bool) {
	store := slow{&lease.Memory{}, latency}
	front := mustAcquire(t.Context(), t, lease.New(store, lease.Options{}), request("a"))
	r := request("a")
	r.TTL = ttl
	waiters := make([]*mortal, 3)
	for i := range waiters {
		waiters[i] = newMortal(t, store)
		acquiring(waiters[i].ctx, waiters[i].Leaser, r)
	}
	time.Sleep(2 * latency) // all stand in line
	last := acquiring(t.Context(), lease.New(store, lease.Options{}), request("a"))
	time.Sleep(waited)
	for _, w := range waiters {
		w.wire.Cut(true)
		if cancelled {
			w.end()
		}
	}
	died := time.Now()
	require.NoError(t, front.Release(t.Context()))
	got := <-last
	require.NoError(t, got.err)
	require.Less(t, got.at.Sub(died), 6*time.Second)
	for _, w := range waiters {
		w.end()
	}
}

// A waiter is dead, too, if nobody asks for it any more: one that stands in line for
// a caller who polls.
func TestAWaiterOfAServerIsKeptAliveByItsCaller(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := &lease.Memory{}
		front := mustAcquire(t.Context(), t, lease.New(store, lease.Options{}), request("a"))
		server, r := lease.New(store, lease.Options{}), request("a")
		r.Secret, r.TTL = lease.NewSecret(), lease.MaxTTL
		_, err := server.Enqueue(t.Context(), r)
		require.NoError(t, err)
		last := acquiring(t.Context(), lease.New(store, lease.Options{}), request("a"))
		for range 20 { // a minute's polls, each within 5 s of the one before
			time.Sleep(time.Second)
			status, err := server.Await(t.Context(), r.Secret, 2*time.Second)
			require.NoError(t, err)
			require.False(t, status.Granted)
		}
		time.Sleep(4990 * time.Millisecond)
		status, err := server.Await(t.Context(), r.Secret, 0)
		require.NoError(t, err)
		require.Equal(t, 1, status.Ahead)
		died := time.Now()
		require.NoError(t, front.Release(t.Context()))
		got := <-last
		require.NoError(t, got.err)
		require.Less(t, got.at.Sub(died), 6*time.Second)
		_, err = server.Await(t.Context(), r.Secret, time.Second)
		require.ErrorIs(t, err, lease.ErrNotFound)
	})
}

func TestTheEndOfAProcessThatReleasesIsMetAtOnce(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := slow{&lease.Memory{}, latency}
		ctx, terminate := context.WithCancel(t.Context())
		held := mustAcquire(ctx, t, lease.New(store, lease.Options{}), request("a"))
		next := acquiring(t.Context(), lease.New(store, lease.Options{}), request("a"))
		time.Sleep(time.Minute)
		terminate() // as on SIGTERM
		released := time.Now()
		require.NoError(t, held.Release(ctx), "although its context is over")
		got := <-next
		require.NoError(t, got.err)
		require.Less(t, got.at.Sub(released), time.Second, "a poll may be 400 ms away")
	})
}
