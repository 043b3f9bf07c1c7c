package leasetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// lates is attempts that arrive when nobody reckons with them any more.
var lates = map[string]func(*testing.T, Open){
	"an enqueue after the release does not rise again": lateEnqueue,
	"an enqueue that was given up does not rise":       lateEnqueueGivenUp,
	"a try that was given up does not rise":            lateTryGivenUp,
	"a lock that was given up does not rise":           lateLockGivenUp,
	"a renewal revives nobody":                         lateRenewal,
	"a renewal shortens nothing":                       lateShorterRenewal,
	"a confirmation shortens nothing":                  lateConfirmation,
	"a release frees nobody else":                      lateRelease,
	"a renewal before an eviction prevents it":         renewalBeforeEviction,
}

// requireNoEffect lets the late attempt arrive.
func requireNoEffect(t *testing.T, store lease.Store, late *Late) {
	t.Helper()
	before := mustView(t, store)
	made, err := late.Arrive()
	require.NoError(t, err)
	require.False(t, made)
	require.Equal(t, before, mustView(t, store))
}

func lateEnqueue(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	var late Late
	wire.Next(lease.Add, late.Repeated)
	held := mustAcquire(t, process(wire), "a")
	requireNoEffect(t, store, &late)
	mustRelease(t, held)
	requireNoEffect(t, store, &late)
	requireFree(t, store, "a")
}

func lateEnqueueGivenUp(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	var late Late
	wire.Next(lease.Add, late.GivenUp)
	buried := wire.Made(lease.Bury)
	_, err := process(wire).Acquire(t.Context(), request("a"))
	require.ErrorIs(t, err, lease.ErrUnknown)
	wait(t, buried)
	requireNoEffect(t, store, &late)
	requireFree(t, store, "a")
}

func lateTryGivenUp(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	var late Late
	wire.Next(lease.Add, late.GivenUp)
	undone := wire.Made(lease.Bury)
	_, err := process(wire).Try(t.Context(), request("a"))
	require.ErrorIs(t, err, lease.ErrUnknown)
	wait(t, undone)
	requireNoEffect(t, store, &late)
	requireFree(t, store, "a")
}

// A lock has no end, so one that rose again would stand for ever. Its id has no tomb
// either: others lock the same key.
func lateLockGivenUp(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	var late Late
	wire.Next(lease.Add, late.GivenUp)
	undone := wire.Made(lease.Remove)
	_, err := process(wire).Lock(t.Context(), "a", 0)
	require.ErrorIs(t, err, lease.ErrUnknown)
	wait(t, undone)
	requireNoEffect(t, store, &late)
	require.NoError(t, lockAndUnlock(t, store, "a"))
	requireNobody(t, store)
}

func lateRenewal(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	us, r := process(wire), request("a")
	mustEnqueue(t, us, r)
	var late Late
	wire.Next(lease.Set, late.Repeated)
	_, err := us.Renew(t.Context(), r.Secret, time.Minute)
	require.NoError(t, err)
	require.NoError(t, us.Release(t.Context(), r.Secret))
	requireNoEffect(t, store, &late)
	again := r
	again.TTL = time.Second
	mustEnqueue(t, us, again) // the same id once more
	requireNoEffect(t, store, &late)
}

func lateShorterRenewal(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	us, r := process(wire), request("a")
	mustEnqueue(t, us, r)
	var late Late
	wire.Next(lease.Set, late.Repeated)
	_, err := us.Renew(t.Context(), r.Secret, time.Minute)
	require.NoError(t, err)
	_, err = us.Renew(t.Context(), r.Secret, 10*time.Minute)
	require.NoError(t, err)
	requireNoEffect(t, store, &late)
	status, err := us.Renew(t.Context(), r.Secret, time.Minute)
	require.NoError(t, err, "a shorter one finds that it is not needed")
	require.Greater(t, time.Until(status.Entry.Expires), 5*time.Minute)
}

func lateConfirmation(t *testing.T, open Open) {
	store := open(t)
	front, r := mustAcquire(t, process(store), "a"), request("a")
	wire := NewWire(store)
	us := process(wire)
	mustEnqueue(t, us, r)
	mustRelease(t, front)
	var late Late
	wire.Next(lease.Set, late.Repeated)
	status, err := us.Await(t.Context(), r.Secret, time.Minute)
	require.NoError(t, err)
	require.True(t, status.Granted)
	_, err = us.Renew(t.Context(), r.Secret, 10*time.Minute)
	require.NoError(t, err)
	requireNoEffect(t, store, &late)
}

func lateRelease(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	us, r := process(wire), request("a")
	mustEnqueue(t, us, r)
	var late Late
	wire.Next(lease.Remove, late.Repeated)
	require.NoError(t, us.Release(t.Context(), r.Secret))
	mustEnqueue(t, us, r) // the same id once more
	requireNoEffect(t, store, &late)
}

func renewalBeforeEviction(t *testing.T, open Open) {
	store := open(t)
	us, r := process(store), request("a")
	mustEnqueue(t, us, r) // for five seconds: dead to whom is a minute ahead
	wire := NewWire(store)
	var err error
	wire.Next(lease.Remove, func(attempt Attempt) (lease.Written, error) {
		_, err = us.Renew(t.Context(), r.Secret, lease.MaxTTL)
		return attempt()
	})
	_, refused := ahead(wire, time.Minute).Try(t.Context(), request("a"))
	require.NoError(t, err)
	require.Equal(t, lease.PublicID(r.Secret), requireHeld(t, refused, "a").ID)
	status, err := us.Await(t.Context(), r.Secret, 0)
	require.NoError(t, err)
	require.True(t, status.Granted)
}
