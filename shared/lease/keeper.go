package lease

import (
	"context"
	"errors"
	"sync"
	"time"
)

// keeper renews the leases of a process, those that are due at about the same time
// in one write. It runs while there are any.
type keeper struct {
	leaser *Leaser

	mu      sync.Mutex
	leases  map[*Lease]struct{}
	running bool
	woken   chan struct{} // holds one when there is a lease that it may not know of
}

func (k *keeper) keep(l *Lease) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.leases == nil {
		k.leases, k.woken = map[*Lease]struct{}{}, make(chan struct{}, 1)
	}
	k.leases[l] = struct{}{}
	k.wake()
	if !k.running {
		k.running = true
		go k.run()
	}
}

func (k *keeper) drop(l *Lease) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.leases, l)
	k.wake()
}

func (k *keeper) wake() {
	select {
	case k.woken <- struct{}{}:
	default:
	}
}

func (k *keeper) run() {
	for {
		due, wait, any := k.next()
		if !any {
			return
		}
		for _, l := range due {
			l.renew()
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-k.woken:
		}
		timer.Stop()
	}
}

// next returns the leases to renew now, and when to look again. Who is due soon
// goes along with who is due.
func (k *keeper) next() (due []*Lease, wait time.Duration, any bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.leases) == 0 {
		k.running = false
		return nil, 0, false
	}
	now, wait := time.Now(), time.Hour
	for l := range k.leases {
		wait = min(wait, l.dueIn(now))
	}
	if wait <= 0 {
		for l := range k.leases {
			if l.dueIn(now) <= l.entry.TTL/6 {
				due = append(due, l)
				l.postpone(now)
			}
		}
		wait = 0
	}
	return due, wait, true
}

func (l *Lease) dueIn(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.due.Sub(now)
}

// errNoAnswer is the trouble with a renewal that was begun.
var errNoAnswer = errors.New("the store has not answered")

// postpone sets when the renewal is tried again, if the one that is begun now should
// fail.
func (l *Lease) postpone(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due = now.Add(max(l.life/10, 20*time.Millisecond))
	if l.trouble == nil {
		l.trouble = errNoAnswer
	}
}

// renew begins a renewal; its outcome is waited for in the background.
func (l *Lease) renew() {
	if l.caller.Err() != nil || l.ctx.Err() != nil || !l.begin() {
		return
	}
	sent := time.Now()
	expires := Milliseconds(l.leaser.now().Add(l.entry.TTL))
	change := Change{Kind: Set, Entry: l.entry, Expires: expires, Confirm: true}
	t := &task{ctx: context.WithoutCancel(l.caller), change: change, class: plain, done: make(chan outcome, 1)}
	l.leaser.submit(t)
	go func() {
		o := <-t.done
		l.end()
		e, stands := o.view.Find(l.entry.ID)
		stands = stands && e.Ticket == l.entry.Ticket
		switch refused := errors.Is(o.err, errRefused); {
		case o.err == nil, refused && stands && e.Expires.Equal(expires): // by our attempt whose answer was lost
			l.confirmed(sent, l.entry.TTL)
		case refused && stands: // our clock was set back: to others it ends when the last renewal said
			l.troubled(nil)
		case refused:
			l.lose(ended(o.view, l.entry))
		default:
			l.troubled(o.err)
		}
	}()
}

// begin says whether a renewal may begin: one at a time is enough.
func (l *Lease) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.renewing {
		return false
	}
	l.renewing = true
	return true
}

func (l *Lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewing = false
}

// troubled notes what the last renewal failed of, if it was the store.
func (l *Lease) troubled(by error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble = by
}
