// Package leasetest is the suite of what a lease.Leaser promises, over any store,
// and of the traps on the way: answers that are lost, attempts that come late, views
// that are old, entries of the dead. Nothing in it waits for time to pass: who is
// dead is judged by processes whose clocks are ahead. What needs time is tested over
// lease.Memory, in virtual time, by lease's own tests.
package leasetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// Open returns an empty namespace, a new one at each call.
type Open func(testing.TB) lease.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for about, tests := range map[string]map[string]func(*testing.T, Open){
		"repeats": repeats, "late": lates, "dead": dead, "line": line, "grants": grants, "try": tries, "limits": limits, "locks": locks,
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, open)
				})
			}
		})
	}
}

// request asks for the keys under a new secret.
func request(keys ...string) lease.Request {
	return lease.Request{Secret: lease.NewSecret(), Keys: keys, Owner: "somebody", TTL: time.Minute}
}

// process returns a Leaser as another process has it.
func process(store lease.Store) *lease.Leaser { return lease.New(store, lease.Options{}) }

// ahead returns a Leaser of a process whose clock is ahead. To one that is an hour
// ahead everybody else is dead.
func ahead(store lease.Store, by time.Duration) *lease.Leaser {
	return lease.New(store, lease.Options{Now: func() time.Time { return time.Now().Add(by) }})
}

func mustAcquire(t *testing.T, l *lease.Leaser, keys ...string) *lease.Lease {
	t.Helper()
	held, err := l.Acquire(t.Context(), request(keys...))
	require.NoError(t, err)
	return held
}

// mustEnqueue puts the request in line, for nobody: it is renewed only by its secret.
func mustEnqueue(t *testing.T, l *lease.Leaser, r lease.Request) lease.Status {
	t.Helper()
	status, err := l.Enqueue(t.Context(), r)
	require.NoError(t, err)
	return status
}

func mustRelease(t *testing.T, held *lease.Lease) {
	t.Helper()
	require.NoError(t, held.Release(t.Context()))
}

func mustView(t *testing.T, store lease.Store) lease.View {
	t.Helper()
	view, err := store.Read(t.Context(), true)
	require.NoError(t, err)
	return view
}

// requireFree requires that nobody holds or wants the keys, by taking them once.
func requireFree(t *testing.T, store lease.Store, keys ...string) {
	t.Helper()
	requireFreeTo(t, process(store), keys...)
}

func requireFreeTo(t *testing.T, l *lease.Leaser, keys ...string) {
	t.Helper()
	held, err := l.Try(t.Context(), request(keys...))
	require.NoError(t, err)
	mustRelease(t, held)
}

// requireNobody requires that no entry stands.
func requireNobody(t *testing.T, store lease.Store) {
	t.Helper()
	require.Empty(t, mustView(t, store).Entries)
}

// requireHeld requires the error of somebody who is told who is in the way, and
// returns who.
func requireHeld(t *testing.T, err error, key string) lease.HeldError {
	t.Helper()
	var held *lease.HeldError
	require.ErrorAs(t, err, &held)
	require.ErrorIs(t, err, lease.ErrHeld)
	require.Equal(t, key, held.Key)
	return *held
}

// wait waits for the channel, but not for ever.
func wait[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		require.FailNow(t, "it does not happen")
	}
	return v
}

// acquired is the outcome of an acquire.
type acquired struct {
	lease *lease.Lease
	err   error
}

// acquiring begins to acquire, and returns once the request stands in line.
func acquiring(t *testing.T, store lease.Store, begin func(*lease.Leaser) (*lease.Lease, error)) <-chan acquired {
	t.Helper()
	wire := NewWire(store)
	inLine := wire.Made(lease.Add)
	outcome := make(chan acquired, 1)
	go func() {
		held, err := begin(process(wire))
		outcome <- acquired{held, err}
	}()
	wait(t, inLine)
	return outcome
}

// together runs f for 0 to n-1 at once, and returns their errors in one.
func together(n int, f func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
