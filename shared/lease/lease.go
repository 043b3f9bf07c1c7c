package lease

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Lease is keys that are ours until it is released or lost. Safe for concurrent use.
type Lease struct {
	leaser *Leaser
	entry  Entry
	ctx    context.Context
	lose   context.CancelCauseFunc
	caller context.Context // while it lives, the lease is renewed

	mu       sync.Mutex
	until    time.Time     // until when it is to be trusted, by the monotonic clock
	untilAt  time.Time     // the same by the wall clock, which may jump
	due      time.Time     // when it is to be renewed
	life     time.Duration // what the last renewal was worth
	timer    *time.Timer
	trouble  error // why the last renewal failed
	renewing bool  // one is under way
	over     bool
}

// hold makes a lease of a granted entry. Its time to live, ttl for now, began at
// sent or later.
func (l *Leaser) hold(ctx context.Context, e Entry, sent time.Time, ttl time.Duration) *Lease {
	held := &Lease{leaser: l, entry: e, caller: ctx}
	held.ctx, held.lose = context.WithCancelCause(ctx)
	if sent.IsZero() { // somebody else's write has confirmed it
		sent, ttl = time.Now(), min(e.TTL, e.Expires.Sub(l.now()))
	}
	held.timer = time.AfterFunc(time.Hour, held.expire)
	held.confirmed(sent, ttl)
	l.keeper.keep(held)
	context.AfterFunc(held.ctx, held.stop)
	return held
}

// margin is by how much a holder stops trusting its lease before it expires.
func margin(ttl time.Duration) time.Duration { return max(ttl/10, 20*time.Millisecond) }

// confirmed notes a renewal that was sent then.
func (l *Lease) confirmed(sent time.Time, ttl time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := sent.Add(ttl - margin(ttl))
	if l.over || until.Before(l.until) {
		return
	}
	l.until = until
	l.untilAt = l.leaser.now().Round(0).Add(time.Until(until))
	l.due, l.life = sent.Add(ttl/3), ttl
	l.trouble = nil
	l.timer.Reset(time.Until(until))
}

// expire is called when the lease is not to be trusted any more.
func (l *Lease) expire() {
	if err := l.Err(); err != nil {
		l.lose(err)
	}
}

// stop ends what is done for the lease in the background.
func (l *Lease) stop() {
	l.mu.Lock()
	l.over = true
	l.timer.Stop()
	l.mu.Unlock()
	l.leaser.keeper.drop(l)
}

// Context ends when the lease is lost or released, or the context it was acquired
// with ends. Its cause says why: ErrExpired, ErrBroken, ErrUnreachable, ErrReleased.
func (l *Lease) Context() context.Context { return l.ctx }

// Token is the lease's fencing token: it is higher than that of everybody who held
// one of its keys before.
func (l *Lease) Token() int64 { return l.entry.Ticket }

// ID is the public id, by which the lease is listed and broken.
func (l *Lease) ID() string { return l.entry.ID }

// Keys returns the keys, ascending. It must not be changed.
func (l *Lease) Keys() []string { return l.entry.Keys }

// Err says why the lease is lost, nil if it is not as far as is known here. It is
// exact where a timer is not: after the process or its machine was paused.
func (l *Lease) Err() error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case time.Now().Before(l.until) && l.leaser.now().Before(l.untilAt):
		return nil
	case l.trouble != nil:
		return errors.Join(ErrUnreachable, l.trouble)
	default:
		return ErrExpired
	}
}

// Check asks the store whether the lease still stands: if so, nobody else has had
// its keys since it was granted, whatever the clocks say. What was read before is
// of one moment then. Errors: why it is lost, or the store's.
func (l *Lease) Check(ctx context.Context) error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	view, err := l.leaser.View(ctx)
	if err != nil {
		return err
	}
	if e, stands := view.Find(l.entry.ID); !stands || e.Ticket != l.entry.Ticket {
		lost := ended(view, l.entry)
		l.lose(lost)
		return lost
	}
	return nil
}

// Release frees the keys. It does so also when ctx has ended, within seconds; to
// repeat it does no harm. Errors: why the lease was lost before; ErrUnknown or the
// store's: then the keys are free once it expires.
func (l *Lease) Release(ctx context.Context) error {
	lost := context.Cause(l.ctx)
	if errors.Is(lost, ErrReleased) {
		return nil
	}
	l.lose(ErrReleased)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	o := l.leaser.do(ctx, plain, Change{Kind: Remove, Entry: l.entry})
	switch {
	case !errors.Is(o.err, errRefused):
		return o.err
	case o.repeated: // by our own attempt whose answer was lost, for all we know
		return nil
	case lost != nil:
		return lost
	default:
		return ended(o.view, l.entry)
	}
}
