package lines

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// queue is what waits for a worker: requests, in the hands of their connections, and
// the connections that have some, whose turns take them round. Thus a connection with a
// thousand requests gets as much as one that has a single one, and if all have a single
// one they come first in, first out.
type queue struct {
	free  *semaphore.Weighted // places for requests, given in the order of asking
	turns chan *conn          // each connection at most once; nil sends a worker home
}

// newQueue returns a queue whose turns can always be sent without waiting.
func newQueue(requests, conns, workers int) *queue {
	return &queue{
		free:  semaphore.NewWeighted(int64(requests)),
		turns: make(chan *conn, conns+workers),
	}
}

// admit waits for places in the queue, and returns how many of n there are: all, or one
// if it had to wait, lest who wants many keeps the others waiting until there are.
// Errors: ctx's.
func (q *queue) admit(ctx context.Context, n int) (int, error) {
	if q.free.TryAcquire(int64(n)) {
		return n, nil
	}
	return 1, q.free.Acquire(ctx, 1)
}

// leave gives places back.
func (q *queue) leave(n int) {
	if n > 0 {
		q.free.Release(int64(n))
	}
}

// dismiss ends the workers, which must have nothing left to do.
func (q *queue) dismiss(workers int) {
	for range workers {
		q.turns <- nil
	}
}
