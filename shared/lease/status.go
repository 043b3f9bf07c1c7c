package lease

import (
	"context"
	"errors"
	"time"
)

// Status is an entry and how it stands in line.
type Status struct {
	Entry   Entry
	Granted bool // it holds all its keys
	Ahead   int  // how many stand before it on any of its keys
	Added   bool // this very call has put it in line; else an earlier one has
}

// statusIn returns how the entry stands. One that does not stand any more is not
// granted, and nobody is ahead of it.
func statusIn(view View, e Entry) Status {
	now, stands := view.Find(e.ID)
	if !stands || now.Ticket != e.Ticket {
		return Status{Entry: e}
	}
	ahead := len(view.Ahead(now))
	return Status{Entry: now, Granted: ahead == 0, Ahead: ahead}
}

func (l *Leaser) status(e Entry) Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return statusIn(l.view, e)
}

// Await waits until the entry of the secret is granted and its time to live has
// begun, or for as long as it may. A waiting entry stands for 5 s more after that.
// Errors: ErrNotFound, the store's.
func (l *Leaser) Await(ctx context.Context, secret string, wait time.Duration) (Status, error) {
	e, view, err := l.find(ctx, PublicID(secret))
	if err != nil {
		return Status{}, err
	}
	if s := statusIn(view, e); s.Granted && e.Confirmed {
		return s, nil
	}
	waiting, cancel := context.WithTimeoutCause(ctx, wait, ErrWaited)
	defer cancel()
	e, _, err = l.await(waiting, e)
	switch {
	case errors.Is(err, ErrWaited) && ctx.Err() == nil:
		return l.keepAlive(ctx, e)
	case errors.Is(err, ErrExpired), errors.Is(err, ErrBroken):
		return Status{}, ErrNotFound
	case err != nil:
		return Status{}, err
	}
	return l.status(e), nil
}

// keepAlive gives a sign of life of an entry that waits, so that nobody evicts it for
// 5 s, or of one whose turn has just come.
func (l *Leaser) keepAlive(ctx context.Context, e Entry) (Status, error) {
	s := l.status(e)
	var o outcome
	switch change, due := l.signOfLife(s.Entry), l.now().Add(waiterLife-SkewAllowance); {
	case !s.Granted && s.Ahead == 0:
		return Status{}, ErrNotFound
	case s.Granted && !s.Entry.Confirmed:
		o = l.do(ctx, plain, l.confirmation(s.Entry))
	case !s.Granted && s.Entry.Expires.Before(due):
		o = l.do(ctx, plain, change)
	default:
		return s, nil
	}
	if errors.Is(o.err, errRefused) {
		if _, stands := o.view.Find(e.ID); !stands {
			return Status{}, ErrNotFound
		}
	} else if o.err != nil {
		return Status{}, o.err
	}
	return l.status(e), nil
}

// Renew lets a granted lease stand for that long from now, unless it does for longer
// already; an entry that waits is kept alive.
// Errors: *InvalidError, ErrNotFound, the store's.
func (l *Leaser) Renew(ctx context.Context, secret string, ttl time.Duration) (Status, error) {
	if ttl < MinTTL || ttl > MaxTTL {
		return Status{}, Request{Keys: []string{"-"}, TTL: ttl}.Validate()
	}
	e, view, err := l.find(ctx, PublicID(secret))
	if err != nil {
		return Status{}, err
	}
	if !view.Granted(e) {
		return l.keepAlive(ctx, e)
	}
	o := l.do(ctx, plain, Change{Kind: Set, Entry: e, Expires: Milliseconds(l.now().Add(ttl)), Confirm: true})
	now, stands := o.view.Find(e.ID)
	switch {
	case o.err != nil && !errors.Is(o.err, errRefused):
		return Status{}, o.err
	case !stands || now.Ticket != e.Ticket:
		return Status{}, ErrNotFound
	}
	return statusIn(o.view, now), nil
}

// Release removes the entry of the secret, granted or waiting. To repeat it does no
// harm. Errors: ErrNotFound, ErrUnknown, the store's.
func (l *Leaser) Release(ctx context.Context, secret string) error {
	_, err := l.remove(ctx, PublicID(secret), "")
	return err
}

// Withdraw removes this very entry, and no other that stands under its secret.
// Errors: ErrNotFound, ErrUnknown, the store's.
func (l *Leaser) Withdraw(ctx context.Context, e Entry) error {
	return l.removal(l.do(ctx, plain, Change{Kind: Remove, Entry: e}))
}

// Break removes the entry of the public id, for an operator. Its holder learns it
// with its next renewal, and by its fencing token at once where it writes.
// Errors: ErrNotFound, ErrUnknown, the store's.
func (l *Leaser) Break(ctx context.Context, id string) (Entry, error) {
	return l.remove(ctx, id, EndedBroken)
}

func (l *Leaser) remove(ctx context.Context, id, reason string) (Entry, error) {
	e, _, err := l.find(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	return e, l.removal(l.do(ctx, plain, Change{Kind: Remove, Entry: e, Reason: reason}))
}

// removal is the outcome of a removal as an error.
func (l *Leaser) removal(o outcome) error {
	switch {
	case !errors.Is(o.err, errRefused):
		return o.err
	case o.repeated: // it is gone by our own attempt whose answer was lost, for all we know
		return nil
	default:
		return ErrNotFound
	}
}

// find reads the namespace and returns the entry of that id.
func (l *Leaser) find(ctx context.Context, id string) (Entry, View, error) {
	view, err := l.View(ctx)
	if err != nil {
		return Entry{}, View{}, err
	}
	e, stands := view.Find(id)
	if !stands {
		return Entry{}, view, ErrNotFound
	}
	return e, view, nil
}
