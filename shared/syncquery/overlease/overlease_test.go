package overlease_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/overlease"
)

// at are endpoints of these names.
func at(names ...string) (all []syncquery.Endpoint) {
	for _, name := range names {
		all = append(all, syncquery.Endpoint{Name: name})
	}
	return all
}

// inBubble runs the test with a reader that takes 100 ms for a resource, and tells who
// reads.
func inBubble(t *testing.T, test func(*testing.T, overlease.Reader)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t, overlease.Reader{
			Leases: lease.New(new(lease.Memory), lease.Options{}), TTL: 5 * time.Second, AtATime: 10,
			Read: func(ctx context.Context, _, token int64) (string, error) {
				select {
				case <-time.After(100 * time.Millisecond):
					return time.Unix(0, token).String(), nil
				case <-ctx.Done():
					return "", ctx.Err()
				}
			},
		})
	})
}

// Every resource is read at the same time, under one token, and nothing stays leased.
func TestTogether(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r overlease.Reader) {
		begin := time.Now()
		reading, err := r.Together(t.Context(), time.Now().Add(time.Minute), "me", at("a", "b"), []int64{1, 2, 3})
		require.NoError(t, err)
		require.Len(t, reading.States, 3)
		for _, state := range reading.States {
			require.Equal(t, time.Unix(0, reading.Token).String(), state)
		}
		require.ElementsMatch(t, []string{"a", "b"}, reading.Endpoints)
		require.Equal(t, 100*time.Millisecond, reading.At.Sub(begin))
		_, err = r.Leases.Try(t.Context(), lease.Request{Keys: []string{"a", "b"}, Owner: "next", TTL: time.Second})
		require.NoError(t, err)
	})
}

// Readings that have an endpoint in common exclude each other; others don't.
func TestReadingsTakeTurns(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r overlease.Reader) {
		begin := time.Now()
		var wg sync.WaitGroup
		for _, endpoints := range [][]string{{"a", "b"}, {"b", "c"}, {"d"}} {
			wg.Go(func() {
				_, err := r.Together(t.Context(), time.Now().Add(time.Minute), "me", at(endpoints...), []int64{1})
				require.NoError(t, err)
			})
		}
		wg.Wait()
		require.GreaterOrEqual(t, time.Since(begin), 200*time.Millisecond)
		require.Less(t, time.Since(begin), 300*time.Millisecond)
	})
}

// Who waits for longer than it wants is told who was in the way, and holds nothing.
func TestAWaitHasItsEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r overlease.Reader) {
		other, err := r.Leases.Acquire(t.Context(), lease.Request{Keys: []string{"b"}, Owner: "other", TTL: time.Minute})
		require.NoError(t, err)
		for _, wait := range []time.Duration{0, time.Second} {
			_, err = r.Together(t.Context(), time.Now().Add(wait), "me", at("a", "b"), []int64{1})
			var held *lease.HeldError
			require.ErrorAs(t, err, &held)
			require.Equal(t, "b", held.Key)
		}
		require.NoError(t, other.Release(t.Context()))
		_, err = r.Together(t.Context(), time.Now().Add(time.Second), "me", at("a", "b"), []int64{1})
		require.NoError(t, err)
	})
}

// A lease that was broken on the way makes the reading none.
func TestAReadingUnderALostLeaseIsNone(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r overlease.Reader) {
		read := r.Read
		r.Read = func(ctx context.Context, id, token int64) (string, error) {
			view, err := r.Leases.View(ctx)
			require.NoError(t, err)
			for _, e := range view.Entries {
				_, err := r.Leases.Break(ctx, e.ID)
				require.NoError(t, err)
			}
			return read(ctx, id, token)
		}
		_, err := r.Together(t.Context(), time.Now().Add(time.Second), "me", at("a"), []int64{1})
		require.ErrorIs(t, err, lease.ErrBroken)
	})
}

// What can't be read fails the reading, and frees its endpoints.
func TestAReadThatFails(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r overlease.Reader) {
		broken := errors.New("the disk is full")
		r.Read = func(context.Context, int64, int64) (string, error) { return "", broken }
		_, err := r.Together(t.Context(), time.Now().Add(time.Second), "me", at("a"), []int64{1})
		require.ErrorIs(t, err, broken)
		_, err = r.Leases.Try(t.Context(), lease.Request{Keys: []string{"a"}, Owner: "next", TTL: time.Second})
		require.NoError(t, err)
	})
}
