package leasetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// line is who comes when.
var line = map[string]func(*testing.T, Open){
	"all or nothing":                            allOrNothing,
	"a cancelled waiter blocks nobody":          cancelledWaiter,
	"who has waited in vain blocks nobody":      waitedInVain,
	"first come, first served, and no deadlock": crowd,
	"tokens grow":                               tokensGrow,
	"a namespace made anew":                     madeAnew,
	"clocks two seconds apart":                  clocksApart,
}

func allOrNothing(t *testing.T, open Open) {
	store := open(t)
	a, c := mustAcquire(t, process(store), "a"), mustAcquire(t, process(store), "c")
	both, other := request("a", "b", "c"), process(store)
	require.False(t, mustEnqueue(t, other, both).Granted)
	mustRelease(t, a)
	status, err := other.Await(t.Context(), both.Secret, 0)
	require.NoError(t, err)
	require.False(t, status.Granted)
	require.Equal(t, 1, status.Ahead)
	mustRelease(t, c)
	status, err = other.Await(t.Context(), both.Secret, time.Minute)
	require.NoError(t, err)
	require.True(t, status.Granted)
	for _, key := range both.Keys {
		_, err := process(store).Try(t.Context(), request(key))
		requireHeld(t, err, key)
	}
}

func cancelledWaiter(t *testing.T, open Open) {
	store := open(t)
	mustAcquire(t, process(store), "a")
	ctx, cancel := context.WithCancel(t.Context())
	waiting := acquiring(t, store, func(l *lease.Leaser) (*lease.Lease, error) { return l.Acquire(ctx, request("a", "b")) })
	behind := request("b")
	require.False(t, mustEnqueue(t, process(store), behind).Granted)
	cancel()
	err := wait(t, waiting).err
	require.ErrorIs(t, err, context.Canceled)
	requireHeld(t, err, "a")
	status, err := process(store).Await(t.Context(), behind.Secret, 0)
	require.NoError(t, err)
	require.True(t, status.Granted, "the place is free when the waiter is told, not some time later")
}

func waitedInVain(t *testing.T, open Open) {
	store := open(t)
	mustAcquire(t, process(store), "a")
	r := request("a", "b")
	r.Wait = 50 * time.Millisecond
	_, err := process(store).Acquire(t.Context(), r)
	require.ErrorIs(t, err, lease.ErrWaited)
	held := requireHeld(t, err, "a")
	require.Equal(t, "somebody", held.Owner)
	require.Len(t, mustView(t, store).Entries, 1)
	requireFree(t, store, "b")
}

// book is what holders of keys write down: each while it holds the key.
type book struct {
	mu     sync.Mutex
	tokens map[string][]int64
	inside map[string]bool
	wrongs []string
}

func newBook() *book { return &book{tokens: map[string][]int64{}, inside: map[string]bool{}} }

func (b *book) enter(held *lease.Lease) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range held.Keys() {
		if b.inside[key] {
			b.wrongs = append(b.wrongs, "two hold "+key)
		}
		b.inside[key] = true
		b.tokens[key] = append(b.tokens[key], held.Token())
	}
}

func (b *book) leave(held *lease.Lease) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range held.Keys() {
		b.inside[key] = false
	}
}

// require requires that each key was held by one at a time, in the order of their
// enqueues: tokens are drawn by these.
func (b *book) require(t *testing.T, entries int) {
	t.Helper()
	require.Empty(t, b.wrongs)
	total := 0
	for key, tokens := range b.tokens {
		require.True(t, slices.IsSorted(tokens), "%s: %v", key, tokens)
		require.Len(t, slices.Compact(slices.Clone(tokens)), len(tokens), "%s: %v", key, tokens)
		total += len(tokens)
	}
	require.Equal(t, entries, total)
}

// crowd lets processes of two workers each acquire random sets of keys.
func crowd(t *testing.T, open Open) {
	store, book := open(t), newBook()
	const processes, cycles, keys, each = 6, 5, 5, 2
	leasers := make([]*lease.Leaser, processes)
	for i := range leasers {
		leasers[i] = process(store)
	}
	require.NoError(t, together(2*processes, func(i int) error {
		for range cycles {
			var wanted []string
			for _, k := range rand.Perm(keys)[:each] {
				wanted = append(wanted, fmt.Sprint("key", k))
			}
			r := request(wanted...)
			r.Wait = time.Minute
			held, err := leasers[i%processes].Acquire(t.Context(), r)
			if err != nil {
				return err
			}
			book.enter(held)
			book.leave(held)
			if err := held.Release(t.Context()); err != nil {
				return err
			}
		}
		return nil
	}))
	book.require(t, 2*processes*cycles*each)
	requireNobody(t, store)
}

// tokensGrow acquires one key a thousand times; each lease ends in another way.
func tokensGrow(t *testing.T, open Open) {
	store := open(t)
	us, operator, last := process(store), process(store), int64(0)
	late := ahead(store, time.Hour)
	for i := range 1000 {
		l := us
		if i%4 == 3 { // before it, one was left behind
			l = late
		}
		r := request("a")
		held, err := l.Acquire(t.Context(), r)
		require.NoError(t, err)
		require.Greater(t, held.Token(), last)
		last = held.Token()
		switch i % 4 {
		case 0, 3:
			mustRelease(t, held)
		case 1:
			_, err := operator.Break(t.Context(), held.ID())
			require.NoError(t, err)
		case 2: // it expires
		}
	}
	requireNobody(t, store)
}

// madeAnew deletes the namespace under a holder and a waiter.
func madeAnew(t *testing.T, open Open) {
	store := open(t)
	for range 20 {
		requireFree(t, store, "a")
	}
	ours, theirs := NewWire(store), NewWire(store)
	holder := mustAcquire(t, process(ours), "a")
	inLine := theirs.Made(lease.Add)
	waiting := make(chan acquired, 1)
	go func() {
		r := request("a", "b")
		r.Secret = ""
		held, err := process(theirs).Acquire(t.Context(), r)
		waiting <- acquired{held, err}
	}()
	wait(t, inLine)
	chosen := request("a")
	behind := mustEnqueue(t, process(ours), chosen)

	anew := open(t)
	mustAcquire(t, ahead(anew, time.Minute), "b") // a minute later
	ours.Lead(anew)
	theirs.Lead(anew)
	require.ErrorIs(t, holder.Check(t.Context()), lease.ErrExpired)
	_, err := process(ours).Await(t.Context(), chosen.Secret, time.Minute)
	require.ErrorIs(t, err, lease.ErrNotFound)
	view := mustView(t, anew)
	require.Greater(t, view.Entries[0].Ticket, behind.Entry.Ticket, "tokens grow")
	_, err = process(anew).Break(t.Context(), view.Entries[0].ID)
	require.NoError(t, err)
	got := wait(t, waiting)
	require.NoError(t, got.err)
	require.Greater(t, got.lease.Token(), view.Entries[0].Ticket)
}

func clocksApart(t *testing.T, open Open) {
	store, book := open(t), newBook()
	leasers := []*lease.Leaser{process(store), ahead(store, 2*time.Second)}
	require.NoError(t, together(6, func(i int) error {
		for range 5 {
			r := request("a")
			r.Wait = time.Minute
			held, err := leasers[i%2].Acquire(t.Context(), r)
			if err != nil {
				return err
			}
			book.enter(held)
			book.leave(held)
			if err := held.Release(t.Context()); err != nil {
				return err
			}
		}
		return nil
	}))
	book.require(t, 30)
}
