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
	e := l.entry(r)
	stands, _, err := l.enqueue(ctx, e, r.Repeatable)
	if err != nil {
		return Status{}, err
	}
	s := l.status(stands)
	s.Added = stands.sameCall(e)
	return s, nil
}

// enqueue puts the entry in line. Its expiry was drawn at sent or later, by the
// monotonic clock; zero: it has stood in line before.
func (l *Leaser) enqueue(ctx context.Context, e Entry, repeatable bool) (stands Entry, sent time.Time, err error) {
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
				l.undo(context.WithoutCancel(ctx), e, !repeatable)
			}
			return Entry{}, sent, o.err
		case errors.Is(o.err, errRefused) && !there:
			return Entry{}, sent, ErrBuried
		case o.err != nil && !errors.Is(o.err, errRefused):
			if mayComeLate {
				l.undo(context.WithoutCancel(ctx), e, !repeatable)
			}
			return Entry{}, sent, o.err
		}
		if mayComeLate { // an earlier attempt: it must not rise when this is over
			if err := l.bury(ctx, e.ID); err != nil {
				l.undo(context.WithoutCancel(ctx), e, !repeatable)
				return Entry{}, sent, err
			}
		}
		if o.view.Weight > MaxWeight/2 {
			_ = l.evict(ctx, o.view.expired(l.now())) // what fails here, the next one tries again
		}
		if !stands.sameCall(e) || !stands.Expires.Equal(e.Expires) {
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

// undo removes what a call may have left behind that has failed or was given up, and
// nothing that another call with the same secret has put there. What fails here, time
// mends, of a lock without a limit its next unlock.
func (l *Leaser) undo(ctx context.Context, e Entry, mayComeLate bool) {
	ctx, cancel := context.WithTimeout(ctx, undoTimeout)
	defer cancel()
	switch {
	case !mayComeLate:
	case !e.IsLock():
		_ = l.bury(ctx, e.ID)
	default: // others use its id: its late attempt is refused once somebody has come since, be it ourselves
		e.Expires = Milliseconds(l.now().Add(waiterLife))
		l.do(ctx, plain, Change{Kind: Add, Entry: e})
	}
	if stands, _, err := l.find(ctx, e.ID); err == nil && stands.sameCall(e) {
		l.do(ctx, plain, Change{Kind: Remove, Entry: stands})
	}
}

// evict removes entries that have expired, unless they were renewed meanwhile; those
// that somebody else of this process is just evicting are left to that. It returns nil
// if any is gone, by whomever, and errRefused if none is for good reason.
func (l *Leaser) evict(ctx context.Context, expired []Entry) error {
	mine, changed := l.claim(expired)
	if len(mine) == 0 && len(expired) > 0 {
		timer := time.NewTimer(lookAtLeastEvery) // theirs may fail
		defer timer.Stop()
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		return nil
	}
	defer l.unclaim(mine)
	gone, trouble := false, errRefused
	tasks := make([]*task, len(mine))
	for i, e := range mine {
		tasks[i] = &task{
			ctx: context.WithoutCancel(ctx), class: alone, done: make(chan outcome, 1),
			change: Change{Kind: Remove, Entry: e, Seen: e.Expires, Reason: EndedEvicted},
		}
	}
	l.submit(tasks...)
	for i, t := range tasks {
		o := <-t.done // within writeTimeout
		_, stands := o.view.Find(mine[i].ID)
		if o.err == nil || errors.Is(o.err, errRefused) && !stands {
			gone = true
		} else {
			trouble = o.err
		}
	}
	if gone {
		return nil
	}
	return trouble
}

// claim returns those of the entries that nobody of this process is evicting, and
// what is closed when the namespace has changed.
func (l *Leaser) claim(expired []Entry) (mine []Entry, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range expired {
		if !l.evicting[e.ID] {
			l.evicting[e.ID] = true
			mine = append(mine, e)
		}
	}
	return mine, l.changed
}

func (l *Leaser) unclaim(mine []Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range mine {
		delete(l.evicting, e.ID)
	}
}
