package lines

import "sync"

// work is what a worker takes at a time: requests of one connection that follow each
// other, and their answers.
type work struct {
	requests []request
	answers  []byte
	count    int // of the requests that the answers answer
	done     bool
}

var works = sync.Pool{New: func() any { return new(work) }}

func newWork(requests []request) *work {
	w := works.Get().(*work)
	w.requests = append(w.requests[:0], requests...)
	w.answers = w.answers[:0]
	w.count = len(requests)
	w.done = false
	return w
}

// take gives a worker up to n of the requests that wait, nil if there are none, and
// lets others have the rest meanwhile.
func (c *conn) take(n int) *work {
	c.mu.Lock()
	n = min(n, len(c.waiting))
	if n == 0 {
		c.queued = false
		c.changed.Broadcast()
		c.mu.Unlock()
		return nil
	}
	w := newWork(c.waiting[:n])
	c.waiting = c.waiting[:copy(c.waiting, c.waiting[n:])]
	c.works = append(c.works, w)
	c.queued = len(c.waiting) > 0
	again := c.queued
	c.mu.Unlock()
	if again {
		c.server.queue.turns <- c
	}
	c.server.queue.leave(n)
	return w
}

// finish says that a work's answers are there.
func (c *conn) finish(w *work) {
	c.mu.Lock()
	w.done = true
	send := !c.sending && !c.failed && c.works[0].done
	c.sending = c.sending || send
	c.mu.Unlock()
	if send && (c.try == nil || !c.sendAtOnce()) {
		go c.sender()
	}
}
