package leasetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// limits is how much there can be of everything.
var limits = map[string]func(*testing.T, Open){
	"keys with any characters":          anyCharacters,
	"a hundred keys":                    hundredKeys,
	"requests that can't be served":     invalid,
	"a full namespace is busy":          full,
	"a namespace of the largest leases": largest,
	"tombs go":                          tombsGo,
}

func anyCharacters(t *testing.T, open Open) {
	store := open(t)
	odd := []string{"a", "A", "a.b", "a b", "ключ", "#n", ":v", "n", "v", "t/", "SELECT", `"`, "a'b", "[0]", "é", "e\u0301", "a/b", "\x00", "😀", strings.Repeat("k", lease.MaxKeyBytes)}
	all := mustAcquire(t, process(store), odd...)
	require.ElementsMatch(t, odd, all.Keys())
	for _, key := range odd {
		_, err := process(store).Try(t.Context(), request(key))
		require.Equal(t, all.ID(), requireHeld(t, err, key).ID)
	}
	requireFree(t, store, "a.", "B", " ", "ключи")
	mustRelease(t, all)
	l := process(store)
	for _, key := range odd { // each by itself: none is taken for another
		mustAcquire(t, l, key)
	}
}

func manyKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%0*d", lease.MaxKeyBytes, i)
	}
	return keys
}

func hundredKeys(t *testing.T, open Open) {
	store := open(t)
	keys := manyKeys(lease.MaxKeys)
	held := mustAcquire(t, process(store), keys...)
	_, err := process(store).Try(t.Context(), request("x", keys[99]))
	requireHeld(t, err, keys[99])
	second := request(keys...)
	require.Equal(t, 1, mustEnqueue(t, process(store), second).Ahead)
	mustRelease(t, held)
	status, err := process(store).Await(t.Context(), second.Secret, time.Minute)
	require.NoError(t, err)
	require.True(t, status.Granted)
}

func invalid(t *testing.T, open Open) {
	store := open(t)
	for name, c := range map[string]struct {
		field  string
		change func(*lease.Request)
	}{
		"no key":               {"Keys", func(r *lease.Request) { r.Keys = nil }},
		"101 keys":             {"Keys", func(r *lease.Request) { r.Keys = manyKeys(lease.MaxKeys + 1) }},
		"an empty key":         {"Keys", func(r *lease.Request) { r.Keys = []string{"a", ""} }},
		"a key twice":          {"Keys", func(r *lease.Request) { r.Keys = []string{"a", "b", "a"} }},
		"a long key":           {"Keys", func(r *lease.Request) { r.Keys = []string{strings.Repeat("k", lease.MaxKeyBytes+1)} }},
		"a key of broken text": {"Keys", func(r *lease.Request) { r.Keys = []string{"\xff"} }},
		"a long owner":         {"Owner", func(r *lease.Request) { r.Owner = strings.Repeat("o", lease.MaxOwnerBytes+1) }},
		"a short TTL":          {"TTL", func(r *lease.Request) { r.TTL = lease.MinTTL - 1 }},
		"a long TTL":           {"TTL", func(r *lease.Request) { r.TTL = lease.MaxTTL + 1 }},
	} {
		r := request("a")
		c.change(&r)
		for _, begin := range []func() error{
			func() error { _, err := process(store).Acquire(t.Context(), r); return err },
			func() error { _, err := process(store).Try(t.Context(), r); return err },
			func() error { _, err := process(store).TryStatus(t.Context(), r); return err },
			func() error { _, err := process(store).Enqueue(t.Context(), r); return err },
		} {
			var invalid *lease.InvalidError
			require.ErrorAs(t, begin(), &invalid, name)
			require.Equal(t, c.field, invalid.Field, name)
		}
	}
	require.Zero(t, mustView(t, store).Version)
}

// full lets more wait for one key than there is room for.
func full(t *testing.T, open Open) {
	store := open(t)
	l := process(store)
	requests := make([]lease.Request, 510)
	busy := make([]bool, len(requests))
	require.NoError(t, together(len(requests), func(i int) error {
		requests[i] = request("a")
		_, err := l.Enqueue(t.Context(), requests[i])
		if busy[i] = errors.Is(err, lease.ErrBusy); busy[i] {
			return nil
		}
		return err
	}))
	refused := 0
	for i := range busy {
		if busy[i] {
			refused++
		}
	}
	require.Equal(t, 10, refused)
	require.Len(t, mustView(t, store).Entries, 500)
	_, err := l.Acquire(t.Context(), request("b"))
	require.ErrorIs(t, err, lease.ErrBusy)
	_, err = l.Try(t.Context(), request("b"))
	require.ErrorIs(t, err, lease.ErrBusy)
	_, err = l.Break(t.Context(), mustView(t, store).Entries[0].ID)
	require.NoError(t, err)
	requireFree(t, store, "b")
}

func largest(t *testing.T, open Open) {
	store := open(t)
	l, n := process(store), 0
	for ; ; n++ {
		r := request(manyKeys(lease.MaxKeys)...)
		r.Owner = strings.Repeat("o", lease.MaxOwnerBytes)
		if _, err := l.Enqueue(t.Context(), r); err != nil {
			require.ErrorIs(t, err, lease.ErrBusy)
			break
		}
	}
	require.Equal(t, 28, n)
	require.LessOrEqual(t, mustView(t, store).Weight, int64(lease.MaxWeight))
}

// tombsGo lets a tomb grow old, and be removed with the next write.
func tombsGo(t *testing.T, open Open) {
	store := open(t)
	wire := NewWire(store)
	wire.Next(lease.Add, AnswerLost)
	mustRelease(t, mustAcquire(t, process(wire), "a"))
	require.Len(t, mustView(t, store).Tombs, 1)
	l := ahead(store, 50*time.Second)
	for range 2 {
		mustRelease(t, mustAcquire(t, l, "a"))
	}
	require.Len(t, mustView(t, store).Tombs, 1)
	l = ahead(store, 2*time.Minute)
	for range 2 {
		mustRelease(t, mustAcquire(t, l, "a"))
	}
	view := mustView(t, store)
	require.Empty(t, view.Tombs)
	require.Zero(t, view.Weight)
}
