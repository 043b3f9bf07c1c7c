package lease

import (
	"context"
	"errors"
	"time"
)

// Acquire waits until all of the request's keys are its own, and returns the lease.
// It is all or nothing, first come, first served for each key, and can't deadlock
// with others whatever their keys. The lease is renewed while ctx lives, so ctx
// should be that of the work done under it; how long to wait is Request.Wait.
//
// Errors: *InvalidError; ErrWaited with a *HeldError that says who is in the way, if
// somebody was seen there; ctx's cause with the same; ErrBusy; ErrBroken if an operator
// removed it while it waited; ErrBuried; the store's. Nothing is held or waits after any.
func (l *Leaser) Acquire(ctx context.Context, r Request) (*Lease, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	waiting := ctx
	if r.Wait > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeoutCause(ctx, r.Wait, ErrWaited)
		defer cancel()
	}
	for {
		lease, err := l.acquire(waiting, ctx, r)
		// Evicted while it waited: this process was paused. Its place is lost.
		if !errors.Is(err, ErrExpired) || r.Secret != "" {
			return lease, err
		}
		rest(waiting, l.poll)
	}
}

func (l *Leaser) acquire(waiting, ctx context.Context, r Request) (*Lease, error) {
	if r.Secret == "" {
		r.Secret = NewSecret()
	}
	wanted := l.entry(r)
	e, sent, err := l.enqueue(waiting, wanted, r.Repeatable)
	if err != nil && waiting.Err() != nil { // who was seen last may be why
		err = stoodInTheWay(waiting, wanted, l.snapshot().view.Ahead(wanted), err)
	}
	if err != nil {
		return nil, err
	}
	if s := l.status(e); s.Granted && !s.Entry.Confirmed && !sent.IsZero() {
		return l.hold(ctx, s.Entry, sent, min(e.TTL, waiterLife)), nil
	}
	e, sent, err = l.await(waiting, e)
	if err != nil {
		if e.sameCall(wanted) {
			l.dequeue(ctx, e)
		}
		return nil, err
	}
	return l.hold(ctx, e, sent, e.TTL), nil
}

// dequeue removes an entry that waits no more, as well as that can be done now.
func (l *Leaser) dequeue(ctx context.Context, e Entry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	l.do(ctx, plain, Change{Kind: Remove, Entry: e})
}

// Try acquires without waiting: if somebody holds one of the keys, or waits for it,
// that is the error, a *HeldError. Others' keys don't matter. The other errors are
// Acquire's.
func (l *Leaser) Try(ctx context.Context, r Request) (*Lease, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if r.Secret == "" {
		r.Secret = NewSecret()
	}
	e, sent, err := l.take(ctx, l.entry(r))
	if err != nil {
		return nil, err
	}
	if ahead := l.snapshot().view.Ahead(e); len(ahead) > 0 { // a repeat of a request that waits
		return nil, held(e, ahead[0])
	}
	return l.hold(ctx, e, sent, e.TTL), nil
}

// TryStatus is Try for servers whose callers hold the lease by its secret.
func (l *Leaser) TryStatus(ctx context.Context, r Request) (Status, error) {
	if err := r.Validate(); err != nil {
		return Status{}, err
	}
	wanted := l.entry(r)
	e, _, err := l.take(ctx, wanted)
	if err != nil {
		return Status{}, err
	}
	s := l.status(e)
	s.Added = e.sameCall(wanted)
	return s, nil
}

// freshEnough is how old a view may be to try on it. On an older one, a read first
// is cheaper than a write that fails.
const freshEnough = 100 * time.Millisecond

// take takes the entry's keys if nobody holds or wants them. Its time to live began
// at sent or later; zero: it has stood before, and may only wait.
func (l *Leaser) take(ctx context.Context, e Entry) (stands Entry, sent time.Time, err error) {
	begin := time.Now()
	if s := l.snapshot(); s.sure.Before(begin.Add(-freshEnough)) || s.seenAt.Before(l.now().Add(-freshEnough)) {
		if _, err := l.View(ctx); err != nil {
			return Entry{}, sent, err
		}
	}
	for lost := 0; ; {
		s := l.snapshot()
		mine, repeat := s.view.Find(e.ID)
		repeat = repeat && mine.is(e)
		if repeat && !s.sure.Before(begin) {
			return mine, time.Time{}, nil
		}
		if _, buried := s.view.Tombs[e.ID]; buried && !repeat { // it may stand beside its tomb
			return Entry{}, sent, ErrBuried
		}
		ahead := s.view.Ahead(e)
		if dead := (View{Entries: ahead}).expired(l.now()); len(dead) > 0 {
			if err := refusedIsFine(l.evict(ctx, dead)); err != nil {
				return Entry{}, sent, err
			}
			continue
		}
		if len(ahead) > 0 && !s.sure.Before(begin) {
			return Entry{}, sent, held(e, ahead[0])
		}
		if len(ahead) > 0 || repeat { // the view is of before: they may be gone by now
			if _, err := l.View(ctx); err != nil {
				return Entry{}, sent, err
			}
			continue
		}
		sent = time.Now()
		switch stands, err := l.tryOnce(ctx, e); {
		case errors.Is(err, errLostRace):
			if lost++; lost == 1 { // what was in the way is seen now: at once again
				continue
			}
			rest(ctx, min(lostRacePause<<min(lost, 10), lostRaceLongest))
			if _, err := l.View(ctx); err != nil {
				return Entry{}, sent, err
			}
		case !errors.Is(err, errRefused):
			return stands, sent, err
		}
	}
}

// How long somebody pauses at most who has lost a race against others that came in
// between: the more often, the longer, so that many who try at once get through.
const (
	lostRacePause   = 4 * time.Millisecond
	lostRaceLongest = 256 * time.Millisecond
)

// tryOnce writes the entry if nobody has come since the latest view, in which its
// keys are free. Late attempts at that can't rise again: somebody has come, be it
// ourselves.
func (l *Leaser) tryOnce(ctx context.Context, e Entry) (Entry, error) {
	if e.TTL > 0 {
		e.Expires, e.Confirmed = Milliseconds(l.now().Add(e.TTL)), true
	}
	o := l.do(ctx, steady, Change{Kind: Add, Entry: e})
	switch stands, there := o.view.Find(e.ID); {
	case refusedIsFine(o.err) == nil && there && stands.sameCall(e):
		return stands, nil
	case errors.Is(o.err, ErrBusy) && l.evict(ctx, o.view.expired(l.now())) == nil:
		return Entry{}, errRefused // there is room now
	case errors.Is(o.err, ErrUnknown):
		l.undo(context.WithoutCancel(ctx), e, true)
		return Entry{}, o.err
	default:
		return Entry{}, o.err
	}
}
