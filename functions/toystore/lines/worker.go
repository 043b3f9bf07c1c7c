package lines

import "time"

const (
	// turn is about how long a worker stays with a connection that has more than one
	// request. It is short beside a round trip, and long beside a change of goroutines:
	// with a memory store those cost more than the work.
	turn = 50 * time.Microsecond

	// share is how many requests a worker takes at most.
	share = 64
)

// work answers requests until it is dismissed.
func (s *serving) work() {
	cost := time.Hour // of a request, as of late: slow until it has shown to be fast
	for c := range s.queue.turns {
		if c == nil {
			return
		}
		n := max(1, min(share, int(turn/max(1, cost))))
		w := c.take(n)
		if w == nil { // its client has gone meanwhile
			continue
		}
		cost = (cost + s.do(w)) / 2
		c.finish(w)
	}
}

// do answers requests one after another, and returns what one of them cost.
func (s *serving) do(w *work) time.Duration {
	begin := time.Now()
	for _, r := range w.requests {
		w.answers = s.answer(w.answers, r)
	}
	return time.Since(begin) / time.Duration(len(w.requests))
}
