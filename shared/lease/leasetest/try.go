package leasetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// tries is acquiring without waiting.
var tries = map[string]func(*testing.T, Open){
	"says who is in the way":                     trySaysWho,
	"is refused for who waits, too":              tryAndWaiters,
	"sees what was released just now":            trySeesRelease,
	"sees what was taken just now":               trySeesTaken,
	"does not fail for another key's sake":       tryAndOtherKeys,
	"under traffic on other keys":                tryUnderTraffic,
	"of many at once, one wins":                  tryRace,
	"with a request that waits is not granted":   tryOfWaiter,
	"with the secret of a lease has that lease":  tryRepeated,
	"with an id that was given up is refused":    tryBuried,
	"whose answer was lost has what it has":      tryAnswerLost,
	"fails when the store does":                  tryAndFailure,
	"fails when who is dead can't be removed":    tryAndFailedEviction,
	"does not wait for who is not dead for sure": tryAndFreshlyExpired,
}

func trySaysWho(t *testing.T, open Open) {
	store := open(t)
	r := request("a", "b")
	r.Owner = "Σωκράτης"
	status := mustEnqueue(t, process(store), r)
	_, err := process(store).Try(t.Context(), request("c", "b"))
	require.Equal(t, lease.HeldError{Key: "b", ID: lease.PublicID(r.Secret), Owner: r.Owner, Until: status.Entry.Expires}, requireHeld(t, err, "b"))
	require.Contains(t, err.Error(), `"b" is held by "Σωκράτης" until `+status.Entry.Expires.UTC().Format("2006-01-02T15:04"))
	requireFree(t, store, "c")
	_, err = process(store).Lock(t.Context(), "lock", 0)
	require.NoError(t, err)
	_, err = process(store).Try(t.Context(), request("lock"))
	require.Zero(t, requireHeld(t, err, "lock").Until, "no end")
}

func tryAndWaiters(t *testing.T, open Open) {
	store := open(t)
	mustAcquire(t, process(store), "a")
	waiter := mustEnqueue(t, process(store), request("a", "b"))
	_, err := process(store).Try(t.Context(), request("b"))
	require.Equal(t, waiter.Entry.ID, requireHeld(t, err, "b").ID)
}

func trySeesRelease(t *testing.T, open Open) {
	store := open(t)
	us := process(store)
	for range 20 {
		held := mustAcquire(t, process(store), "a")
		_, err := us.Try(t.Context(), request("a"))
		requireHeld(t, err, "a")
		mustRelease(t, held)
		requireFreeTo(t, us, "a")
	}
}

func trySeesTaken(t *testing.T, open Open) {
	store := open(t)
	us := process(store)
	for range 20 {
		requireFreeTo(t, us, "a") // it knows that it is free
		held := mustAcquire(t, process(store), "a")
		_, err := us.Try(t.Context(), request("a"))
		require.Equal(t, held.ID(), requireHeld(t, err, "a").ID)
		mustRelease(t, held)
	}
}

func tryAndOtherKeys(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	var errs []error
	for i := range 5 {
		wire.Next(lease.Add, func(attempt Attempt) (lease.Written, error) {
			_, err := process(store).Enqueue(t.Context(), request(fmt.Sprint("other", i)))
			errs = append(errs, err)
			return attempt()
		})
	}
	_, err := process(wire).Try(t.Context(), request("a"))
	require.NoError(t, err)
	require.NoError(t, errors.Join(errs...))
	require.Len(t, errs, 5)
}

func tryUnderTraffic(t *testing.T, open Open) {
	store := open(t)
	var done atomic.Bool
	traffic := make(chan error, 1)
	go func() {
		traffic <- together(3, func(i int) error {
			l := process(store)
			for !done.Load() {
				held, err := l.Acquire(t.Context(), request(fmt.Sprint("other", i), "common"))
				if err == nil {
					err = held.Release(t.Context())
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}()
	l := process(store)
	for range 20 {
		requireFreeTo(t, l, "a")
	}
	done.Store(true)
	require.NoError(t, wait(t, traffic))
}

func tryRace(t *testing.T, open Open) {
	store := open(t)
	leasers := []*lease.Leaser{process(store), process(store), process(store)}
	for range 10 {
		leases, losers := make([]*lease.Lease, 9), make([]error, 9)
		require.NoError(t, together(9, func(i int) error {
			var err error
			if leases[i], err = leasers[i%3].Try(t.Context(), request("a")); errors.Is(err, lease.ErrHeld) {
				losers[i], err = err, nil
			}
			return err
		}))
		var winner *lease.Lease
		for _, held := range leases {
			if held != nil {
				require.Nil(t, winner, "two have won")
				winner = held
			}
		}
		require.NotNil(t, winner, "all have lost")
		for _, err := range losers {
			if err != nil {
				require.Equal(t, winner.ID(), requireHeld(t, err, "a").ID)
			}
		}
		mustRelease(t, winner)
	}
}

func tryOfWaiter(t *testing.T, open Open) {
	store := open(t)
	front, r := mustAcquire(t, process(store), "a"), request("a")
	mustEnqueue(t, process(store), r)
	_, err := process(store).Try(t.Context(), r)
	require.Equal(t, front.ID(), requireHeld(t, err, "a").ID)
	status, err := process(store).TryStatus(t.Context(), r)
	if err == nil {
		require.False(t, status.Granted)
	}
}

func tryRepeated(t *testing.T, open Open) {
	store := open(t)
	r := request("a")
	one, err := process(store).Try(t.Context(), r)
	require.NoError(t, err)
	two, err := process(store).Try(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, one.Token(), two.Token())
	status, err := process(store).TryStatus(t.Context(), r)
	require.NoError(t, err)
	require.True(t, status.Granted)
	require.Equal(t, one.Token(), status.Entry.Ticket)
}

func tryBuried(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	r := request("a")
	wire.Next(lease.Add, AnswerLost)
	held, err := process(wire).Acquire(t.Context(), r)
	require.NoError(t, err)
	mustRelease(t, held)
	_, err = process(store).Try(t.Context(), r)
	require.ErrorIs(t, err, lease.ErrBuried)
	_, err = process(store).Acquire(t.Context(), r)
	require.ErrorIs(t, err, lease.ErrBuried)
	requireNobody(t, store)
}

func tryAnswerLost(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	wire.Next(lease.Add, AnswerLost)
	held, err := process(wire).Try(t.Context(), request("a"))
	require.NoError(t, err)
	mustRelease(t, held)
	wire.Next(lease.Add, AnswerLost)
	_, err = process(wire).Lock(t.Context(), "a", 0)
	require.NoError(t, err)
}

func tryAndFailure(t *testing.T, open Open) {
	wire := NewWire(open(t))
	wire.Next(lease.Add, Failed)
	_, err := process(wire).Try(t.Context(), request("a"))
	require.ErrorIs(t, err, errFailed)
	wire.Cut(true)
	_, err = process(wire).Try(t.Context(), request("a"))
	require.ErrorIs(t, err, ErrCut)
}

func tryAndFailedEviction(t *testing.T, open Open) {
	store := open(t)
	mustEnqueue(t, process(store), request("a"))
	wire := NewWire(store)
	for range 3 {
		wire.Next(lease.Remove, Failed)
	}
	tried := make(chan error, 1)
	go func() { _, err := ahead(wire, time.Hour).Try(t.Context(), request("a")); tried <- err }()
	require.ErrorIs(t, wait(t, tried), errFailed)
}

func tryAndFreshlyExpired(t *testing.T, open Open) {
	store := open(t)
	status := mustEnqueue(t, process(store), request("a")) // for five seconds
	_, err := ahead(store, time.Until(status.Entry.Expires)+lease.SkewAllowance/2).Try(t.Context(), request("a"))
	requireHeld(t, err, "a")
}
