package lease

import (
	"context"
	"errors"
	"time"
)

// Enqueue puts a request in line, in one write, and tells whether it is granted. It
// can be repeated: who stands in line already keeps the place. It is for servers
// whose callers hold the lease by its secret; a process that holds it itself uses
// Acquire. The caller should go on with Await within 2 s.
// Errors: *InvalidError, ErrBuried, ErrBusy, ErrUnknown, the store's. Nothing is in
// line after any.
func (l *Leaser) Enqueue(ctx context.Context, r Request) (Status, error) {
	if err := r.Validate(); err != nil {
		return Status{}, err
	}
	e, _, err := l.enqueue(ctx, l.entry(r))
	if err != nil {
		return Status{}, err
	}
	return l.status(e), nil
}

// enqueue puts the entry in line. Its expiry was drawn at sent or later, by the
// monotonic clock; zero: it has stood in line before.
func (l *Leaser) enqueue(ctx context.Context, e Entry) (stands Entry, sent time.Time, err error) {
	for mayComeLate := false; ; {
		sent = time.Now()
		e.Expires = Milliseconds(l.now().Add(min(e.TTL, waiterLife)))
		o := l.do(ctx, plain, Change{Kind: Add, Entry: e})
		stands, there := o.view.Find(e.ID)
		mayComeLate = mayComeLate || o.repeated || errors.Is(o.err, ErrUnknown)
		switch {
		case errors.Is(o.err, ErrBusy):
			if l.evict(ctx, o.view.expired(l.now())) == nil {
				continue
			}
			if mayComeLate {
				go l.undo(context.WithoutCancel(ctx), e, true)
			}
			return Entry{}, sent, ErrBusy
		case errors.Is(o.err, errRefused) && !there:
			return Entry{}, sent, ErrBuried
		case o.err != nil && !errors.Is(o.err, errRefused):
			if mayComeLate {
				go l.undo(context.WithoutCancel(ctx), e, true)
			}
			return Entry{}, sent, o.err
		}
		if mayComeLate { // an earlier attempt: it must not rise when this is over
			if err := l.bury(ctx, e.ID); err != nil {
				go l.undo(context.WithoutCancel(ctx), e, true)
				return Entry{}, sent, err
			}
		}
		if o.view.Weight > MaxWeight/2 {
			_ = l.evict(ctx, o.view.expired(l.now())) // what fails here, the next one tries again
		}
		if !stands.Expires.Equal(e.Expires) {
			sent = time.Time{}
		}
		return stands, sent, nil
	}
}

// bury keeps an id from standing in line ever again. If it stands there, it stays.
func (l *Leaser) bury(ctx context.Context, id string) error {
	o := l.do(ctx, plain, Change{Kind: Bury, Entry: Entry{ID: id}})
	if errors.Is(o.err, errRefused) { // it has a tomb
		return nil
	}
	return o.err
}

// undo removes an entry for a caller that is gone. What fails here, time mends, of a
// lock without a limit its next unlock.
func (l *Leaser) undo(ctx context.Context, e Entry, mayComeLate bool) {
	ctx, cancel := context.WithTimeout(ctx, undoTimeout)
	defer cancel()
	switch {
	case !mayComeLate:
	case e.Nonce == "":
		_ = l.bury(ctx, e.ID)
	default: // others use its id: its late attempt is refused once somebody has come since, be it ourselves
		e.Expires = Milliseconds(l.now().Add(waiterLife))
		l.do(ctx, plain, Change{Kind: Add, Entry: e})
	}
	if stands, _, err := l.find(ctx, e.ID); err == nil && stands.is(e) {
		l.do(ctx, plain, Change{Kind: Remove, Entry: stands})
	}
}

// evict removes entries that have expired, unless they were renewed meanwhile. It
// returns nil if any is gone, by whomever, and errRefused if none is for good reason.
func (l *Leaser) evict(ctx context.Context, expired []Entry) error {
	gone, trouble := false, errRefused
	tasks := make([]*task, len(expired))
	for i, e := range expired {
		tasks[i] = &task{
			ctx: context.WithoutCancel(ctx), class: alone, done: make(chan outcome, 1),
			change: Change{Kind: Remove, Entry: e, Seen: e.Expires, Reason: EndedEvicted},
		}
	}
	l.submit(tasks...)
	for i, t := range tasks {
		select {
		case o := <-t.done:
			_, stands := o.view.Find(expired[i].ID)
			if o.err == nil || errors.Is(o.err, errRefused) && !stands {
				gone = true
			} else {
				trouble = o.err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if gone {
		return nil
	}
	return trouble
}
