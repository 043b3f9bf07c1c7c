package lease_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/lease/leasetest"
)

// Who gets nothing but old views does not ask all the time.
func TestOldViewsAreAskedForNoMoreOftenThanNewOnes(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]bool{"that stand": false, "that are old": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				store := &lease.Memory{}
				first := mustAcquire(t.Context(), t, lease.New(store, lease.Options{}), request("a"))
				wire := leasetest.NewWire(slow{store, time.Millisecond})
				wire.OnRead = func(consistent bool, read func() (lease.View, error)) (lease.View, error) {
					view, err := read()
					if old && !consistent {
						view = lease.View{}
					}
					return view, err
				}
				waiting := acquiring(t.Context(), lease.New(wire, lease.Options{}), request("a"))
				time.Sleep(time.Minute)
				require.Less(t, wire.Reads.Load(), int64(60*20))
				require.NoError(t, first.Release(t.Context()))
				require.NoError(t, (<-waiting).err, "its own signs of life tell it")
			})
		})
	}
}

// A namespace that was deleted while somebody polls it, and made anew by somebody whose
// clock is behind: its version is lower than before.
func TestANamespaceMadeAnewWithALowerVersion(t *testing.T) {
	t.Parallel()
	for name, writes := range map[string]int{"nobody has come": 0, "somebody has come": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				ours, theirs := leasetest.NewWire(slow{&lease.Memory{}, latency}), leasetest.NewWire(slow{&lease.Memory{}, latency})
				held := mustAcquire(t.Context(), t, lease.New(ours, lease.Options{}), request("a"))
				waiting := acquiring(t.Context(), lease.New(theirs, lease.Options{}), request("a"))
				theirs.Lead(ours)
				time.Sleep(time.Second)
				anew := slow{&lease.Memory{}, latency}
				var c clock
				c.set(-time.Hour)
				for range writes {
					mustAcquire(t.Context(), t, c.leaser(anew), request("b"))
				}
				calls := theirs.Reads.Load() + theirs.Writes.Load()
				ours.Lead(anew)
				got := <-waiting
				require.NoError(t, got.err)
				require.Less(t, theirs.Reads.Load()+theirs.Writes.Load()-calls, int64(500))
				<-held.Context().Done()
				requireLost(t, held, lease.ErrExpired)
			})
		})
	}
}

// Two enqueues are one write, whose first attempt is late. The second attempt is
// refused, as there is no room for one of them; the other one is then written alone,
// and released. When there is room, the late attempt must raise neither.
func TestALateWriteOfTwoEnqueues(t *testing.T) {
	t.Parallel()
	virtual(t, func(t *testing.T) {
		store := &lease.Memory{}
		fillers := make([]lease.Request, 497)
		for i := range fillers {
			fillers[i] = mustEnqueue(t, store, fmt.Sprint(i))
		}
		wire := leasetest.NewWire(store)
		us, gate := lease.New(wire, lease.Options{}), make(chan struct{})
		var late leasetest.Late
		wire.Next(lease.Add, func(attempt leasetest.Attempt) (lease.Written, error) {
			<-gate
			return attempt()
		})
		wire.Next(lease.Add, late.Repeated)
		small, big, done := secretly("small"), secretly("big"), make(chan error)
		for i := range lease.MaxKeys - 1 {
			big.Keys = append(big.Keys, fmt.Sprintf("%064d", i))
		}
		for _, r := range []lease.Request{secretly("first"), small, big} {
			go func() { _, err := us.Enqueue(t.Context(), r); done <- err }()
			inLine()
		}
		close(gate)
		require.ElementsMatch(t, []error{nil, nil, lease.ErrBusy}, []error{<-done, <-done, <-done})
		require.NoError(t, us.Release(t.Context(), small.Secret))
		for _, r := range fillers[:50] {
			require.NoError(t, us.Release(t.Context(), r.Secret))
		}
		inLine()
		made, err := late.Arrive()
		require.NoError(t, err)
		require.False(t, made)
	})
}

func secretly(keys ...string) lease.Request {
	r := request(keys...)
	r.Secret = lease.NewSecret()
	return r
}

func mustEnqueue(t *testing.T, store lease.Store, keys ...string) lease.Request {
	t.Helper()
	r := secretly(keys...)
	_, err := lease.New(store, lease.Options{}).Enqueue(t.Context(), r)
	require.NoError(t, err)
	return r
}

// An acquire, a try and all else end with an error when the store fails, and leave
// nothing that anybody waits for.
func TestErrorsOfTheStore(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context, *lease.Leaser) error{
		"Acquire":   func(ctx context.Context, l *lease.Leaser) error { _, err := l.Acquire(ctx, request("a")); return err },
		"Try":       func(ctx context.Context, l *lease.Leaser) error { _, err := l.Try(ctx, request("a")); return err },
		"TryStatus": func(ctx context.Context, l *lease.Leaser) error { _, err := l.TryStatus(ctx, request("a")); return err },
		"Enqueue":   func(ctx context.Context, l *lease.Leaser) error { _, err := l.Enqueue(ctx, request("a")); return err },
		"Await": func(ctx context.Context, l *lease.Leaser) error {
			_, err := l.Await(ctx, "secret", time.Hour)
			return err
		},
		"Renew": func(ctx context.Context, l *lease.Leaser) error {
			_, err := l.Renew(ctx, "secret", time.Minute)
			return err
		},
		"Release": func(ctx context.Context, l *lease.Leaser) error { return l.Release(ctx, "secret") },
		"Break":   func(ctx context.Context, l *lease.Leaser) error { _, err := l.Break(ctx, "id"); return err },
		"Lock":    func(ctx context.Context, l *lease.Leaser) error { _, err := l.Lock(ctx, "a", 0); return err },
		"Unlock":  func(ctx context.Context, l *lease.Leaser) error { return l.Unlock(ctx, "a") },
		"View":    func(ctx context.Context, l *lease.Leaser) error { _, err := l.View(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) {
				wire := leasetest.NewWire(&lease.Memory{})
				wire.Cut(true)
				err := do(t.Context(), lease.New(wire, lease.Options{}))
				require.ErrorIs(t, err, leasetest.ErrCut)
				require.False(t, errors.Is(err, lease.ErrHeld) || strings.Contains(err.Error(), "secret"))
			})
		})
	}
}
