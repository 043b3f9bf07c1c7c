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

// enqueue puts the entry in line. What it returns is sent not later than when the
// entry's expiry was drawn, by the monotonic clock.
func (l *Leaser) enqueue(ctx context.Context, e Entry) (stands Entry, sent time.Time, err error) {
	for {
		sent = time.Now()
		e.Expires = Milliseconds(l.now().Add(min(e.TTL, waiterLife)))
		o := l.do(ctx, plain, Change{Kind: Add, Entry: e})
		stands, there := o.view.Find(e.ID)
		switch {
		case errors.Is(o.err, ErrBusy):
			if !l.evict(ctx, o.view.expired(l.now())) {
				return Entry{}, sent, ErrBusy
			}
			continue
		case errors.Is(o.err, errRefused) && !there:
			return Entry{}, sent, ErrBuried
		case o.err != nil && !errors.Is(o.err, errRefused):
			if errors.Is(o.err, ErrUnknown) {
				go l.undo(context.WithoutCancel(ctx), e.ID, true)
			}
			return Entry{}, sent, o.err
		}
		if o.repeated { // an earlier attempt may be late: it must not rise when this is over
			if err := l.bury(ctx, e.ID); err != nil {
				go l.undo(context.WithoutCancel(ctx), e.ID, true)
				return Entry{}, sent, err
			}
		}
		if o.view.Weight > MaxWeight/2 {
			l.evict(ctx, o.view.expired(l.now()))
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

// undo removes an entry for a caller that is gone. What fails here, time mends: the
// entry expires within seconds, and a late one is expired when it comes.
func (l *Leaser) undo(ctx context.Context, id string, mayComeLate bool) {
	ctx, cancel := context.WithTimeout(ctx, undoTimeout)
	defer cancel()
	if mayComeLate {
		_ = l.bury(ctx, id)
	}
	if view, err := l.View(ctx); err == nil {
		if e, stands := view.Find(id); stands {
			l.do(ctx, plain, Change{Kind: Remove, Entry: e})
		}
	}
}

// evict removes entries that have expired, unless they were renewed meanwhile. It
// says whether any is gone, by whomever.
func (l *Leaser) evict(ctx context.Context, expired []Entry) (any bool) {
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
			any = any || o.err == nil || errors.Is(o.err, errRefused) && !stands
		case <-ctx.Done():
			return any
		}
	}
	return any
}
