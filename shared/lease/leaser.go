package lease

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

// Times of the protocol.
const (
	// SkewAllowance is by how much the clocks of two processes may differ without one
	// evicting the other's lease early. It delays every eviction.
	SkewAllowance = 500 * time.Millisecond

	waiterLife = 5 * time.Second // how long a waiting entry stands without a sign of life; its client gives one every 2 s
	tombKept   = time.Minute     // longer than any request is on its way

	writeTimeout = 10 * time.Second // of one write with all its attempts
	undoTimeout  = 5 * time.Second  // of cleaning up what an attempt may have left
	lookTimeout  = 3 * time.Second  // of one look: while it lasts, nobody else looks
)

// Options change how a Leaser works. The zero value is right for most.
type Options struct {
	// Poll is how often the one who is next in line looks whether it is its turn; who
	// is farther back looks less often. Default: 10 ms.
	Poll time.Duration
	// Now is the wall clock by which expiries are written and judged. Default: time.Now.
	Now func() time.Time
}

// Leaser acquires leases in one namespace. All callers within a process should
// share one Leaser a namespace: it puts their writes together, looks once for all
// who wait, and hands on within the process what is released there. Safe for
// concurrent use. It needs no closing: when nobody holds or waits for a lease, it
// does nothing.
type Leaser struct {
	store Store
	poll  time.Duration
	now   func() time.Time

	mu      sync.Mutex
	view    View          // the latest that was seen
	seen    time.Time     // when it was known to be current, by the monotonic clock
	seenAt  time.Time     // the same by the wall clock
	sure    time.Time     // when the last consistent read or write was sent that has been answered
	looked  time.Time     // when a poll last ended, whatever it saw, by the monotonic clock
	since   time.Time     // when it last changed, by the monotonic clock
	changed chan struct{} // closed when view does

	pending []*task       // what is to be written
	writing bool          // somebody writes what is pending
	looking chan struct{} // closed when whoever looks has done so; nil if nobody does

	waiters  map[string]*waiter // who waits within this process, by id
	evicting map[string]bool    // which entries somebody of this process is just evicting, by id
	keeper   keeper
}

// New returns a Leaser for the store's namespace.
func New(store Store, options Options) *Leaser {
	l := &Leaser{
		store: store, poll: options.Poll, now: options.Now,
		changed: make(chan struct{}), waiters: map[string]*waiter{}, evicting: map[string]bool{},
	}
	if l.poll <= 0 {
		l.poll = 10 * time.Millisecond
	}
	if l.now == nil {
		l.now = time.Now
	}
	l.keeper.leaser = l
	return l
}

// View reads the namespace, consistently.
func (l *Leaser) View(ctx context.Context) (View, error) {
	known, sent := l.snapshot().view.Version, time.Now()
	view, err := l.store.Read(ctx, true)
	if err == nil {
		l.observe(view, known, sent)
	}
	return view, err
}

// inconsistent stands for what was known when a read was sent that need not be
// consistent.
const inconsistent = -1

// observe takes note of a view. An earlier one than is known already is dropped:
// it may show as free what has been taken since. It is taken only as the answer to a
// write or consistent read that was sent when all that is known was known: then the
// namespace was deleted, and perhaps made anew.
func (l *Leaser) observe(view View, known int64, sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known != inconsistent && sent.After(l.sure) {
		l.sure = sent
	}
	newer := view.Version > l.view.Version || view.Version < l.view.Version && known == l.view.Version
	if view.Version < l.view.Version && !newer {
		return
	}
	l.seen, l.seenAt = time.Now(), l.now()
	if newer {
		l.view, l.since = view, l.seen
		close(l.changed)
		l.changed = make(chan struct{})
	}
}

// look polls, or waits for whoever of this process is just doing so.
func (l *Leaser) look(ctx context.Context) error {
	l.mu.Lock()
	if others, changed := l.looking, l.changed; others != nil {
		l.mu.Unlock()
		select {
		case <-others:
		case <-changed:
		case <-ctx.Done():
		}
		return nil
	}
	done := make(chan struct{})
	l.looking = done
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	view, err := l.store.Read(ctx, false)
	if err == nil {
		l.observe(view, inconsistent, time.Time{})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looking, l.looked = nil, time.Now()
	close(done)
	return err
}

// nonceLength is how much of a random text tells calls for one id apart: 80 bits.
const nonceLength = 16

// entry returns a request's entry, not yet in line.
func (l *Leaser) entry(r Request) Entry {
	e := Entry{ID: PublicID(r.Secret), Keys: slices.Sorted(slices.Values(r.Keys)), Owner: r.Owner, TTL: r.TTL.Truncate(time.Millisecond), Since: Milliseconds(l.now()), Nonce: rand.Text()[:nonceLength]}
	e.Weight = e.weigh()
	return e
}
