// Package storetest is the conformance suite of lease.Store: every store does what
// lease.View says, batch for batch. Every store must pass it.
package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/shared/lease"
)

// Run runs the suite. open returns an empty namespace, a new one at each call.
func Run(t *testing.T, open func(testing.TB) lease.Store) {
	t.Helper()
	t.Run("an empty namespace", func(t *testing.T) {
		t.Parallel()
		view, err := open(t).Read(t.Context(), true)
		require.NoError(t, err)
		require.Equal(t, lease.View{}, view)
	})
	t.Run("does what the view says", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) { likeTheView(rt, open(t)) })
	})
	t.Run("any characters in keys and owners", func(t *testing.T) {
		t.Parallel()
		anyCharacters(t, open(t))
	})
	t.Run("forty changes in one write", func(t *testing.T) {
		t.Parallel()
		manyChanges(t, open(t))
	})
	t.Run("a full namespace takes no more", func(t *testing.T) {
		t.Parallel()
		full(t, open(t))
	})
	t.Run("an empty namespace takes no more than it has room for", func(t *testing.T) {
		t.Parallel()
		overfull(t, open(t))
	})
}

// ids that batches are about: few, so that they meet.
var ids = []string{"a", "b", "c", "lock-a", "lock-b"}

// drawBatch draws a batch that is often, but not always, allowed in the view.
func drawBatch(t *rapid.T, view lease.View, now time.Time) lease.Batch {
	b := lease.Batch{Now: now, Counter: view.Counter}
	if rapid.Float64Range(0, 1).Draw(t, "steady") < 0.2 {
		b.Steady = true
		b.Counter += rapid.SampledFrom([]int64{0, 0, 0, -1}).Draw(t, "counter")
	}
	for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, len(ids), rapid.ID[string]).Draw(t, "ids") {
		b.Changes = append(b.Changes, drawChange(t, view, id, now))
	}
	return b
}

func drawChange(t *rapid.T, view lease.View, id string, now time.Time) lease.Change {
	expiry := func() time.Time {
		return lease.Milliseconds(now.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "expires")) * time.Second))
	}
	e, stands := view.Find(id)
	if !stands {
		e = lease.Entry{
			ID: id, Keys: rapid.SampledFrom([][]string{{"x"}, {"x", "y"}, {"y", "z"}}).Draw(t, "keys"), Owner: rapid.SampledFrom([]string{"", "me"}).Draw(t, "owner"),
			Since: lease.Milliseconds(now), TTL: time.Second, Expires: expiry(), Weight: 400,
			Nonce: rapid.SampledFrom([]string{"", "nonce"}).Draw(t, "nonce"),
		}
		if rapid.Bool().Draw(t, "forever") {
			e.Expires, e.TTL = time.Time{}, 0
		}
	}
	c := lease.Change{Entry: e}
	fitting := []lease.Kind{lease.Add, lease.Add, lease.Bury, lease.Forget}
	if stands {
		fitting = []lease.Kind{lease.Set, lease.Remove, lease.Remove, lease.Bury, lease.Add}
	}
	switch c.Kind = rapid.SampledFrom(fitting).Draw(t, "kind"); c.Kind {
	case lease.Set:
		c.Expires, c.Confirm = expiry(), rapid.Bool().Draw(t, "confirm")
	case lease.Remove:
		c.Reason = rapid.SampledFrom([]string{"", lease.EndedEvicted, lease.EndedBroken}).Draw(t, "reason")
	case lease.Add, lease.Bury, lease.Forget:
	}
	if c.Kind == lease.Set || c.Kind == lease.Remove {
		c.Seen = rapid.SampledFrom([]time.Time{{}, e.Expires, e.Expires.Add(time.Second)}).Draw(t, "seen")
		if e.Expires.IsZero() {
			c.Seen = time.Time{}
		}
	}
	return c
}

// likeTheView makes random writes, and holds what the store says against
// lease.View.
func likeTheView(t *rapid.T, store lease.Store) {
	var want lease.View
	now := time.UnixMilli(1_700_000_000_000)
	for range rapid.IntRange(1, 12).Draw(t, "writes") {
		now = now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "ms")) * time.Millisecond)
		b := drawBatch(t, want, now)
		got, err := store.Write(t.Context(), b)
		require.NoError(t, err)
		require.Equal(t, want.Allows(b), got.Done, "%+v on %+v", b, want)
		if got.Done {
			want = want.Apply(b)
		}
		requireSame(t, want, got.View)
		read, err := store.Read(t.Context(), true)
		require.NoError(t, err)
		requireSame(t, want, read)
	}
}

// requireSame compares views, for which an empty map is as good as none.
func requireSame(t require.TestingT, want, got lease.View) {
	if len(want.Tombs) == 0 && len(got.Tombs) == 0 {
		want.Tombs, got.Tombs = nil, nil
	}
	if len(want.Entries) == 0 && len(got.Entries) == 0 {
		want.Entries, got.Entries = nil, nil
	}
	require.Equal(t, want, got)
}

func add(id string, keys ...string) lease.Change {
	keys = slices.Sorted(slices.Values(keys))
	return lease.Change{Kind: lease.Add, Entry: lease.Entry{ID: id, Keys: keys, Since: time.UnixMilli(1), TTL: time.Second, Expires: time.UnixMilli(2), Weight: 400}}
}

func mustWrite(t *testing.T, store lease.Store, changes ...lease.Change) lease.View {
	t.Helper()
	w, err := store.Write(t.Context(), lease.Batch{Now: time.Now(), Changes: changes})
	require.NoError(t, err)
	require.True(t, w.Done)
	return w.View
}

func anyCharacters(t *testing.T, store lease.Store) {
	odd := []string{"a", "A", "a.b", "a b", "ключ", "#n", ":v", "n", "v", "SELECT", `"`, "a'b", "[0]", "é", "a/b", "\x00", "😀"}
	var changes []lease.Change
	for i, text := range odd {
		c := add(fmt.Sprint("id", i), odd...)
		c.Entry.Owner = text
		changes = append(changes, c)
	}
	view := mustWrite(t, store, changes...)
	require.Len(t, view.Entries, len(odd))
	for i, e := range view.Entries {
		require.Equal(t, fmt.Sprint("id", i), e.ID)
		require.Equal(t, odd[i], e.Owner)
		require.Equal(t, changes[0].Entry.Keys, e.Keys)
	}
}

func manyChanges(t *testing.T, store lease.Store) {
	var keys []string
	for i := range lease.MaxKeys {
		keys = append(keys, fmt.Sprintf("%064d", i))
	}
	for _, of := range [][]string{{"x"}, keys} {
		var adds, sets, removes []lease.Change
		for i := range 25 {
			c := add(lease.PublicID(fmt.Sprint(len(of), i)), of...)
			adds = append(adds, c)
		}
		view := mustWrite(t, store, adds...)
		for _, e := range view.Entries {
			sets = append(sets, lease.Change{Kind: lease.Set, Entry: e, Expires: time.UnixMilli(10), Seen: e.Expires, Confirm: true})
		}
		view = mustWrite(t, store, sets...)
		for _, e := range view.Entries {
			removes = append(removes, lease.Change{Kind: lease.Remove, Entry: e, Seen: time.UnixMilli(10), Reason: lease.EndedEvicted})
		}
		for i := range 15 {
			removes = append(removes, add(lease.PublicID(fmt.Sprint("more", len(of), i)), "y"))
		}
		view = mustWrite(t, store, removes...)
		require.Len(t, view.Entries, 15)
		var rest []lease.Change
		for _, e := range view.Entries {
			rest = append(rest, lease.Change{Kind: lease.Remove, Entry: e})
		}
		view = mustWrite(t, store, rest...)
		require.Empty(t, view.Entries)
		require.Zero(t, view.Weight)
	}
}

func full(t *testing.T, store lease.Store) {
	for i := range 20 {
		var adds []lease.Change
		for j := range 25 {
			adds = append(adds, add(fmt.Sprint(i, "-", j), "x"))
		}
		mustWrite(t, store, adds...)
	}
	w, err := store.Write(t.Context(), lease.Batch{Now: time.Now(), Changes: []lease.Change{add("one too many", "y")}})
	require.NoError(t, err)
	require.False(t, w.Done)
	require.Len(t, w.View.Entries, 500)
	require.EqualValues(t, lease.MaxWeight, w.View.Weight)
	mustWrite(t, store, lease.Change{Kind: lease.Remove, Entry: w.View.Entries[0]})
	mustWrite(t, store, add("now there is room", "y"))
}

func overfull(t *testing.T, store lease.Store) {
	var adds []lease.Change
	for i := range 40 {
		c := add(fmt.Sprint(i), "x")
		c.Entry.Weight = lease.MaxWeight/40 + 1
		adds = append(adds, c)
	}
	w, err := store.Write(t.Context(), lease.Batch{Now: time.Now(), Changes: adds})
	require.NoError(t, err)
	require.False(t, w.Done)
	mustWrite(t, store, adds[1:]...)
}
