package lease

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// waiter is an entry whose turn is waited for within this process. Leaser.mu guards
// it.
type waiter struct {
	entry  Entry
	grants map[int64]time.Time // when we have tried to set which expiry (Unix milliseconds)
}

// grant returns the change that confirms the waiter's grant if it has one in the
// view, which may be of a write that is only about to be made: who stands before an
// entry can only become fewer.
func (w *waiter) grant(in View, now time.Time) (Change, bool) {
	e, stands := in.Find(w.entry.ID)
	if !stands || e.Ticket != w.entry.Ticket || e.Confirmed || !in.Granted(e) {
		return Change{}, false
	}
	c := confirmation(e, now)
	w.grants[c.Expires.UnixMilli()] = time.Now()
	return c, true
}

// confirmation is the change by which a grant becomes one to rely on: from it the
// time to live runs. Its condition is the expiry that was seen, so that a late
// attempt at it can't shorten a lease that was renewed since.
func confirmation(e Entry, now time.Time) Change {
	return Change{Kind: Set, Entry: e, Expires: Milliseconds(now.Add(e.TTL)), Confirm: true, Seen: e.Expires}
}

func (l *Leaser) confirmation(e Entry) Change { return confirmation(e, l.now()) }

// signOfLife is the change by which a waiter shows that it still waits.
func (l *Leaser) signOfLife(e Entry) Change {
	return Change{Kind: Set, Entry: e, Expires: Milliseconds(l.now().Add(waiterLife))}
}

// signOfLifeIn returns when a waiting entry's next sign of life is due: after two
// fifths of what the last one was worth.
func (e Entry) signOfLifeIn(now time.Time) time.Duration {
	life := waiterLife
	if first := min(e.TTL, waiterLife); !e.Expires.After(e.Since.Add(first)) {
		life = first
	}
	return e.Expires.Sub(now) - life + life*2/5
}

// await waits until the entry is granted and confirmed. granted is when its time to
// live began, or earlier, by the monotonic clock; zero if somebody else has confirmed
// it. On any error the entry may still stand.
// Errors: ErrExpired or ErrBroken if it does not stand any more; else the cause of
// ctx, with who is in the way.
func (l *Leaser) await(ctx context.Context, e Entry) (_ Entry, granted time.Time, err error) {
	w := &waiter{entry: e, grants: map[int64]time.Time{}}
	l.enter(w)
	defer l.leave(w)
	var trouble error
	for {
		s := l.snapshot()
		mine, stands := s.view.Find(e.ID)
		if !stands || mine.Ticket != e.Ticket {
			return e, granted, ended(s.view, e)
		}
		ahead := s.view.Ahead(mine)
		if len(ahead) == 0 && mine.Confirmed {
			return mine, l.grantedAt(w, mine.Expires), nil
		}
		if ctx.Err() != nil {
			return mine, granted, stoodInTheWay(ctx, mine, ahead, trouble)
		}
		if trouble = l.step(ctx, w, mine, ahead, s); trouble != nil {
			rest(ctx, 100*time.Millisecond)
		}
	}
}

// step does what is next for somebody who waits: confirms, evicts, gives a sign of
// life, looks, or waits for one of these to be due.
func (l *Leaser) step(ctx context.Context, w *waiter, mine Entry, ahead []Entry, s snapshot) error {
	if len(ahead) == 0 {
		return l.confirm(ctx, w, mine)
	}
	// Judged by when the view was current, so that nobody is evicted who has been
	// renewed since.
	if dead := (View{Entries: ahead}).expired(s.seenAt); len(dead) > 0 {
		err := l.evict(ctx, dead)
		if errors.Is(err, errRefused) {
			rest(ctx, l.poll)
		}
		return refusedIsFine(err)
	}
	lifeDue := mine.signOfLifeIn(l.now())
	if lifeDue <= 0 {
		return refusedIsFine(l.do(ctx, plain, l.signOfLife(mine)).err)
	}
	wait := min(lifeDue, l.lookIn(s, ahead))
	if wait <= 0 {
		return l.look(ctx)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-s.changed:
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

// confirm confirms a grant that was seen.
func (l *Leaser) confirm(ctx context.Context, w *waiter, mine Entry) error {
	c := l.confirmation(mine)
	l.mu.Lock()
	w.grants[c.Expires.UnixMilli()] = time.Now()
	l.mu.Unlock()
	return refusedIsFine(l.do(ctx, plain, c).err)
}

// refusedIsFine drops the error of a change that somebody else has made
// superfluous: the view that came with it tells what to do next.
func refusedIsFine(err error) error {
	if errors.Is(err, errRefused) {
		return nil
	}
	return err
}

// How often somebody who waits looks: more seldom the farther back, and the longer
// nothing has happened, but often enough that a crash is met in time.
const lookAtLeastEvery = 400 * time.Millisecond

// lookIn returns when to look for the next time.
func (l *Leaser) lookIn(s snapshot, ahead []Entry) time.Duration {
	now := time.Now()
	every := max(time.Duration(len(ahead))*l.poll, now.Sub(s.since)/8)
	every = min(every, lookAtLeastEvery)
	every += rand.N(every/4 + 1) //nolint:gosec // so that processes don't look all at once
	last := s.seen
	if s.looked.After(last) { // an old view, or none
		last = s.looked
	}
	due := last.Add(every).Sub(now)
	for _, e := range ahead {
		if !e.Expires.IsZero() {
			due = min(due, max(e.Expires.Add(SkewAllowance+time.Millisecond).Sub(l.now()), last.Add(l.poll).Sub(now)))
		}
	}
	return due
}

// snapshot is what is known of the namespace.
type snapshot struct {
	view                      View
	seen, since, looked, sure time.Time // see Leaser
	seenAt                    time.Time
	changed                   <-chan struct{}
}

func (l *Leaser) snapshot() snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return snapshot{l.view, l.seen, l.since, l.looked, l.sure, l.seenAt, l.changed}
}

func (l *Leaser) enter(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiters[w.entry.ID] = w
}

func (l *Leaser) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiters[w.entry.ID] == w {
		delete(l.waiters, w.entry.ID)
	}
}

func (l *Leaser) grantedAt(w *waiter, expires time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return w.grants[expires.UnixMilli()]
}

// ended says why an entry does not stand any more.
func ended(view View, e Entry) error {
	if view.Ended[e.Ticket] == EndedBroken {
		return ErrBroken
	}
	return ErrExpired
}

// stoodInTheWay is the error of somebody who has waited in vain.
func stoodInTheWay(ctx context.Context, mine Entry, ahead []Entry, trouble error) error {
	err := context.Cause(ctx)
	if len(ahead) > 0 {
		err = fmt.Errorf("%w: %w", err, held(mine, ahead[0]))
	}
	if trouble != nil && !errors.Is(trouble, context.Cause(ctx)) {
		err = fmt.Errorf("%w; last: %w", err, trouble)
	}
	return err
}

// rest waits for a random time up to that, or until ctx is done.
func rest(ctx context.Context, up time.Duration) {
	timer := time.NewTimer(rand.N(up)) //nolint:gosec // jitter
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
