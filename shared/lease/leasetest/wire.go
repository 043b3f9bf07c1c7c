package leasetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"lockstep/shared/lease"
)

// Wire is a store at the end of a wire: it counts what goes through, and a test can
// say what happens to it. Several wires can lead to one store.
type Wire struct {
	Reads, Writes atomic.Int64
	// OnRead, if not nil, is what a read does; read is what it would do.
	OnRead func(consistent bool, read func() (lease.View, error)) (lease.View, error)

	mu    sync.Mutex
	store lease.Store
	next  map[lease.Kind][]Fate
	cut   bool
}

var _ lease.Store = (*Wire)(nil)

// NewWire returns a wire to the store.
func NewWire(store lease.Store) *Wire {
	return &Wire{store: store, next: map[lease.Kind][]Fate{}}
}

// Attempt is one attempt at a write, which can be made any number of times.
type Attempt func() (lease.Written, error)

// Fate is what becomes of a write.
type Fate func(Attempt) (lease.Written, error)

// Next says what becomes of the next write that has a change of the kind. Said
// several times, it is about that many writes.
func (w *Wire) Next(kind lease.Kind, fate Fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next[kind] = append(w.next[kind], fate)
}

// Made returns a channel that is closed once the next write that has a change of
// the kind was made.
func (w *Wire) Made(kind lease.Kind) <-chan struct{} {
	made := make(chan struct{})
	w.Next(kind, func(attempt Attempt) (lease.Written, error) {
		defer close(made)
		return attempt()
	})
	return made
}

// ErrCut is the error of every call through a wire that is cut.
var ErrCut = errors.New("the wire is cut")

// Cut cuts the wire, or mends it: of a process whose wire is cut nothing is heard
// any more, as if it were dead.
func (w *Wire) Cut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
}

// Lead lets the wire lead to another store.
func (w *Wire) Lead(to lease.Store) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.store = to
}

// Read implements lease.Store.
func (w *Wire) Read(ctx context.Context, consistent bool) (lease.View, error) {
	w.Reads.Add(1)
	w.mu.Lock()
	store, cut, onRead := w.store, w.cut, w.OnRead
	w.mu.Unlock()
	read := func() (lease.View, error) { return store.Read(ctx, consistent) }
	switch {
	case cut:
		return lease.View{}, ErrCut
	case onRead != nil:
		return onRead(consistent, read)
	default:
		return read()
	}
}

// Write implements lease.Store.
func (w *Wire) Write(ctx context.Context, b lease.Batch) (lease.Written, error) {
	w.Writes.Add(1)
	b.Changes = slices.Clone(b.Changes)
	attempt := func() (lease.Written, error) {
		w.mu.Lock()
		store, cut := w.store, w.cut
		w.mu.Unlock()
		if cut {
			return lease.Written{}, errors.Join(lease.ErrUnknown, ErrCut)
		}
		return store.Write(context.WithoutCancel(ctx), b) // it may come late
	}
	if fate := w.fateOf(b); fate != nil {
		return fate(attempt)
	}
	return attempt()
}

func (w *Wire) fateOf(b lease.Batch) Fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range b.Changes {
		if fates := w.next[c.Kind]; len(fates) > 0 {
			w.next[c.Kind] = fates[1:]
			return fates[0]
		}
	}
	return nil
}

// AnswerLost is a write that is made, but its answer is lost, so that it is
// attempted again.
func AnswerLost(attempt Attempt) (lease.Written, error) {
	if _, err := attempt(); err != nil {
		return lease.Written{}, err
	}
	return again(attempt)
}

// Failed is a write that is not made.
func Failed(Attempt) (lease.Written, error) { return lease.Written{}, errFailed }

var errFailed = errors.New("the store refuses to serve")

// again makes an attempt that is not the first one.
func again(attempt Attempt) (lease.Written, error) {
	w, err := attempt()
	w.Repeated = true
	return w, err
}

// Late is a write whose first attempt is still on its way when the others are over.
type Late struct{ attempt Attempt }

// Repeated is the fate of a write whose second attempt is answered.
func (l *Late) Repeated(attempt Attempt) (lease.Written, error) {
	l.attempt = attempt
	return again(attempt)
}

// GivenUp is the fate of a write whose other attempts all come to nothing.
func (l *Late) GivenUp(attempt Attempt) (lease.Written, error) {
	l.attempt = attempt
	return lease.Written{}, lease.ErrUnknown
}

// Arrive lets the first attempt arrive, and says whether it had an effect. It can
// arrive again.
func (l *Late) Arrive() (made bool, err error) {
	w, err := l.attempt()
	return w.Done, err
}
