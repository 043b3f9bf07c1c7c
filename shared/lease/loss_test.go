package lease_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/lease/leasetest"
)

// requireLost requires that the lease is lost for that reason, and says so everywhere.
func requireLost(t *testing.T, held *lease.Lease, why error) {
	t.Helper()
	require.ErrorIs(t, context.Cause(held.Context()), why)
	require.ErrorIs(t, held.Err(), why)
	require.ErrorIs(t, held.Check(t.Context()), why)
}

// holding returns a lease of ten seconds that has been held for some time, and the
// wire over which it is.
func holding(t *testing.T, store lease.Store) (*lease.Lease, *leasetest.Wire) {
	t.Helper()
	wire := leasetest.NewWire(store)
	held := mustAcquire(t.Context(), t, lease.New(wire, lease.Options{}), request("a"))
	time.Sleep(time.Minute)
	require.NoError(t, held.Err())
	return held, wire
}

func TestLoss(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, *lease.Memory){
		"released": func(t *testing.T, store *lease.Memory) {
			held, _ := holding(t, store)
			require.NoError(t, held.Release(t.Context()))
			requireLost(t, held, lease.ErrReleased)
		},
		"broken: learned by the next renewal": func(t *testing.T, store *lease.Memory) {
			held, _ := holding(t, store)
			_, err := lease.New(store, lease.Options{}).Break(t.Context(), held.ID())
			require.NoError(t, err)
			broken := time.Now()
			<-held.Context().Done()
			requireLost(t, held, lease.ErrBroken)
			require.LessOrEqual(t, time.Since(broken), 10*time.Second/3)
		},
		"expired: evicted by whose clock is ahead": func(t *testing.T, store *lease.Memory) {
			held, _ := holding(t, store)
			ahead := lease.New(store, lease.Options{Now: func() time.Time { return time.Now().Add(time.Hour) }})
			mustAcquire(t.Context(), t, ahead, request("a"))
			<-held.Context().Done()
			requireLost(t, held, lease.ErrExpired)
			require.ErrorIs(t, held.Release(t.Context()), lease.ErrExpired)
		},
		"unreachable: the store fails": func(t *testing.T, store *lease.Memory) {
			held, wire := holding(t, store)
			wire.Cut(true)
			requireUnreachable(t, store, held)
			require.ErrorIs(t, held.Err(), leasetest.ErrCut)
			require.ErrorIs(t, held.Release(t.Context()), lease.ErrUnknown)
		},
		"unreachable: the store does not answer": func(t *testing.T, store *lease.Memory) {
			held, wire := holding(t, store)
			wire.Next(lease.Set, func(leasetest.Attempt) (lease.Written, error) {
				time.Sleep(15 * time.Second)
				return lease.Written{}, errors.New("no answer")
			})
			requireUnreachable(t, store, held)
		},
		"the caller's own end": func(t *testing.T, store *lease.Memory) {
			tired := errors.New("tired")
			ctx, cancel := context.WithCancelCause(t.Context())
			held := mustAcquire(ctx, t, lease.New(store, lease.Options{}), request("a"))
			cancel(tired)
			requireLost(t, held, tired)
			require.NoError(t, held.Release(ctx))
			view, err := store.Read(t.Context(), true)
			require.NoError(t, err)
			require.Empty(t, view.Entries)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) { test(t, &lease.Memory{}) })
		})
	}
}

// requireUnreachable requires that the lease is lost for want of an answer, before
// anybody else may have it, by a margin.
func requireUnreachable(t *testing.T, store lease.Store, held *lease.Lease) {
	t.Helper()
	<-held.Context().Done()
	expires := mustFind(t, store, held.ID()).Expires
	require.WithinDuration(t, expires.Add(-time.Second), time.Now(), time.Millisecond, "a tenth of its time before others may have it")
	requireLost(t, held, lease.ErrUnreachable)
}

// A lease of any length survives that a renewal fails, the first one as well, which
// it needs within seconds.
func TestAFailedRenewalIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, ttl := range []time.Duration{lease.MinTTL, time.Second, 10 * time.Second, time.Minute, lease.MaxTTL} {
		for name, failures := range map[string]int{"the first": 1, "the first two": 2} {
			t.Run(ttl.String()+" "+name, func(t *testing.T) {
				t.Parallel()
				virtual(t, func(t *testing.T) {
					wire := leasetest.NewWire(&lease.Memory{})
					for range failures {
						wire.Next(lease.Set, leasetest.Failed)
					}
					r := request("a")
					r.TTL = ttl
					held := mustAcquire(t.Context(), t, lease.New(wire, lease.Options{}), r)
					time.Sleep(max(ttl, 5*time.Second))
					require.NoError(t, held.Err())
				})
			})
		}
	}
}

func TestALeaseSurvivesAnOutageOfHalfItsTime(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		held, wire := holding(t, &lease.Memory{})
		for range 20 {
			wire.Cut(true)
			time.Sleep(5 * time.Second)
			wire.Cut(false)
			time.Sleep(5 * time.Second)
			require.NoError(t, held.Err())
		}
	})
}

func TestALeaseIsRenewedOnlyWhileItsCallerLives(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := &lease.Memory{}
		wire := leasetest.NewWire(store)
		ctx, cancel := context.WithCancel(t.Context())
		held := mustAcquire(ctx, t, lease.New(wire, lease.Options{}), request("a"))
		time.Sleep(time.Minute)
		cancel()
		before := wire.Writes.Load()
		time.Sleep(time.Hour)
		require.Equal(t, before, wire.Writes.Load())
		require.ErrorIs(t, held.Err(), context.Canceled)
		require.True(t, mustFind(t, store, held.ID()).Expired(time.Now()), "what it leaves behind is dead")
	})
}
