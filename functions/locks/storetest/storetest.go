// Package storetest is the conformance suite of locks.Store: what the service
// relies on, in the contract's words. Every store must pass it.
package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
)

// Run runs the suite. open returns an empty store, a new one at each call.
func Run(t *testing.T, open func(*testing.T) locks.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, locks.Store){
		"an empty registry has no endpoints":          emptyRegistry,
		"put adds, replaces and keeps order":          put,
		"a lock is taken once and freed once":         lockAndUnlock,
		"an unknown endpoint is not found":            unknown,
		"names are case-sensitive and any characters": names,
		"a locked endpoint is neither put nor deleted": func(t *testing.T, s locks.Store) {
			locked(t, s)
		},
		"a deleted endpoint is gone, and comes back unlocked": deleted,
		"a resource has its initial state":                    initialState,
		"of many lockers at once one gets it":                 manyLockers,
		"of many unlockers at once one frees it":              manyUnlockers,
		"a lock and a deletion at once: one of them wins":     lockAgainstDelete,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func mustPut(t *testing.T, s locks.Store, name string, ids ...int64) {
	t.Helper()
	require.NoError(t, s.PutEndpoint(t.Context(), name, ids))
}

func mustRegistry(t *testing.T, s locks.Store) map[string]locks.Endpoint {
	t.Helper()
	r, err := s.Registry(t.Context())
	require.NoError(t, err)
	return r
}

func emptyRegistry(t *testing.T, s locks.Store) {
	r := mustRegistry(t, s)
	require.NotNil(t, r)
	require.Empty(t, r)
}

func put(t *testing.T, s locks.Store) {
	mustPut(t, s, "a", 1, 2, 30)
	mustPut(t, s, "b")
	mustPut(t, s, "a", 2, 4)
	r := mustRegistry(t, s)
	require.Len(t, r, 2)
	require.Equal(t, []int64{2, 4}, r["a"].Resources)
	require.Empty(t, r["b"].Resources)
	e, err := s.Endpoint(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, r["a"], e)
}

func lockAndUnlock(t *testing.T, s locks.Store) {
	ctx := t.Context()
	mustPut(t, s, "a", 1)
	mustPut(t, s, "b", 1)
	require.ErrorIs(t, s.Unlock(ctx, "a"), locks.ErrAlreadyUnlocked)
	require.NoError(t, s.Lock(ctx, "a"))
	require.ErrorIs(t, s.Lock(ctx, "a"), locks.ErrAlreadyLocked)
	r := mustRegistry(t, s)
	require.True(t, r["a"].Locked)
	require.False(t, r["b"].Locked, "locking one must not lock another")
	e, err := s.Endpoint(ctx, "a")
	require.NoError(t, err)
	require.True(t, e.Locked)
	require.NoError(t, s.Unlock(ctx, "a"))
	require.ErrorIs(t, s.Unlock(ctx, "a"), locks.ErrAlreadyUnlocked)
	require.NoError(t, s.Lock(ctx, "a"), "a freed lock can be taken again")
}

func unknown(t *testing.T, s locks.Store) {
	ctx := t.Context()
	mustPut(t, s, "a")
	_, err := s.Endpoint(ctx, "A")
	require.ErrorIs(t, err, locks.ErrEndpointNotFound)
	require.ErrorIs(t, s.Lock(ctx, "A"), locks.ErrEndpointNotFound)
	require.ErrorIs(t, s.Unlock(ctx, "A"), locks.ErrEndpointNotFound)
	require.ErrorIs(t, s.DeleteEndpoint(ctx, "A"), locks.ErrEndpointNotFound)
	mustPut(t, s, "A")
	require.NoError(t, s.Lock(ctx, "A"), "the failed lock must have left nothing behind")
}

func names(t *testing.T, s locks.Store) {
	ctx := t.Context()
	all := []string{"a", "A", "a.b", "a b", "ключ", "#n", ":v", "n", "v", "SELECT", `"`, "a'b"}
	for i, name := range all {
		mustPut(t, s, name, int64(i))
	}
	for _, name := range all {
		require.NoError(t, s.Lock(ctx, name), "%q", name)
	}
	for name, e := range mustRegistry(t, s) {
		require.True(t, e.Locked, "%q", name)
	}
	for _, name := range all {
		require.NoError(t, s.Unlock(ctx, name), "%q", name)
	}
}

func locked(t *testing.T, s locks.Store) {
	ctx := t.Context()
	mustPut(t, s, "a", 1)
	require.NoError(t, s.Lock(ctx, "a"))
	require.ErrorIs(t, s.PutEndpoint(ctx, "a", []int64{2}), locks.ErrAlreadyLocked)
	require.ErrorIs(t, s.DeleteEndpoint(ctx, "a"), locks.ErrAlreadyLocked)
	e, err := s.Endpoint(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, locks.Endpoint{Locked: true, Resources: []int64{1}}, e)
	require.NoError(t, s.Unlock(ctx, "a"))
	require.NoError(t, s.PutEndpoint(ctx, "a", []int64{2}))
}

func deleted(t *testing.T, s locks.Store) {
	ctx := t.Context()
	mustPut(t, s, "a", 1)
	require.NoError(t, s.DeleteEndpoint(ctx, "a"))
	require.Empty(t, mustRegistry(t, s))
	require.ErrorIs(t, s.DeleteEndpoint(ctx, "a"), locks.ErrEndpointNotFound)
	require.ErrorIs(t, s.Lock(ctx, "a"), locks.ErrEndpointNotFound)
	mustPut(t, s, "a", 1)
	require.False(t, mustRegistry(t, s)["a"].Locked)
}

func initialState(t *testing.T, s locks.Store) {
	state, err := s.State(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, locks.InitialState, state)
}

// race runs f n times at once and counts the outcomes: nil, want, anything else.
func race(t *testing.T, n int, want error, f func(context.Context) error) (won int64) {
	t.Helper()
	var wins, losses atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			switch err := f(t.Context()); {
			case err == nil:
				wins.Add(1)
			case errors.Is(err, want):
				losses.Add(1)
			default:
				t.Errorf("neither won nor %v: %v", want, err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, n, wins.Load()+losses.Load())
	return wins.Load()
}

func manyLockers(t *testing.T, s locks.Store) {
	mustPut(t, s, "a")
	won := race(t, 16, locks.ErrAlreadyLocked, func(ctx context.Context) error { return s.Lock(ctx, "a") })
	require.EqualValues(t, 1, won)
}

func manyUnlockers(t *testing.T, s locks.Store) {
	mustPut(t, s, "a")
	require.NoError(t, s.Lock(t.Context(), "a"))
	won := race(t, 16, locks.ErrAlreadyUnlocked, func(ctx context.Context) error { return s.Unlock(ctx, "a") })
	require.EqualValues(t, 1, won)
}

func lockAgainstDelete(t *testing.T, s locks.Store) {
	ctx := t.Context()
	for range 8 {
		mustPut(t, s, "a", 1)
		var lockErr, deleteErr error
		var wg sync.WaitGroup
		wg.Go(func() { lockErr = s.Lock(ctx, "a") })
		wg.Go(func() { deleteErr = s.DeleteEndpoint(ctx, "a") })
		wg.Wait()
		require.False(t, lockErr == nil && deleteErr == nil, "a lock was taken on an endpoint that is gone")
		if lockErr == nil {
			require.NoError(t, s.Unlock(ctx, "a"))
		}
		if deleteErr != nil {
			require.NoError(t, s.DeleteEndpoint(ctx, "a"))
		}
		require.Empty(t, mustRegistry(t, s))
	}
}
