package lines

import (
	"context"
	"time"
)

const (
	// turn is about how long a worker stays with a connection that has more than one
	// request. It is short beside a round trip, and long beside a change of goroutines:
	// with a memory store those cost more than the work.
	turn = 50 * time.Microsecond

	// share is how many requests a worker takes at most.
	share = 64
)

// work gives connections their turns until it is dismissed.
func (s *serving) work() {
	for c := range s.queue.turns {
		if c == nil {
			return
		}
		_ = s.places.Acquire(context.Background(), 1) // a reader that has it is fast
		s.turn(c)
		s.places.Release(1)
	}
}

// turnNow gives a connection its turn at once, by its own reader, if that keeps nobody
// waiting: there is a place, nobody is in the queue, and requests are fast.
func (s *serving) turnNow(c *conn) bool {
	if time.Duration(s.cost.Load()) > turn || len(s.queue.turns) > 0 || !s.places.TryAcquire(1) {
		return false
	}
	s.turn(c)
	s.places.Release(1)
	return true
}

// turn answers requests of a connection, as many as fit into a turn, at least one.
func (s *serving) turn(c *conn) {
	n := max(1, min(share, int(turn/max(1, time.Duration(s.cost.Load())))))
	w := c.take(n)
	if w == nil { // its client has gone meanwhile
		return
	}
	s.do(w)
	c.finish(w)
}

// do answers requests one after another.
func (s *serving) do(w *work) {
	begin := time.Now()
	for _, r := range w.requests {
		w.answers = s.answer(w.answers, r)
	}
	cost := int64(time.Since(begin)) / int64(len(w.requests))
	s.cost.Store((s.cost.Load() + cost) / 2) // of two at once one may be lost: it is an average
}
