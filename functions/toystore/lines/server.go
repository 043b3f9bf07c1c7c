// Package lines serves the toy store over TCP, a line for a request and a line for its
// answer, which take the requests' order:
//
//	Query: Tux     25.99, the price; 0 when it is out of stock; -1 when there is no such toy
//	Buy: Tux       1 when it is bought; 0 when it is out of stock; -1 when there is no such toy
//
// Anything else answers "error: " and what is wrong. A purchase has no idempotency key
// here, so nobody repeats one.
//
// A connection has one goroutine, which reads. It hands its requests to a fixed number
// of workers over a bounded queue, and stops reading while that is full. While requests
// are fast and nobody waits, it takes a free worker's place and does the work itself: that
// saves two changes of goroutines, which cost more than the work. Workers never
// wait for a client: they send as much of the answers as the system takes at once; what
// it does not take is sent by a goroutine of the connection's own, which lives for as
// long as there is something to send.
package lines

import (
	"cmp"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"lockstep/functions/toystore"
)

// What a Server takes for the numbers that it is not given.
const (
	DefaultWorkers  = 5
	DefaultQueue    = 1024
	DefaultMaxConns = 10_000
	DefaultIdle     = time.Minute
)

// MaxLine is how many bytes a line has at most, without its ending.
const MaxLine = 1024

// Grace is how long requests under way may take to finish once a server stops.
const Grace = 10 * time.Second

// Server is the toy store's line protocol. A zero, but for the Service, stands for the
// default. It may serve several listeners at a time, each with a pool of its own.
type Server struct {
	Service *toystore.Service

	Workers  int           // requests worked on at a time, at least 1
	Queue    int           // requests that wait for a worker, at least 1; then reading stops
	MaxConns int           // connections, at least 1; what is above waits to be accepted
	Idle     time.Duration // without a request or an answer, after which a connection is closed
}

// serving is what one call of Serve has.
type serving struct {
	Server
	queue   *queue
	places  *semaphore.Weighted // of those who work: Workers
	cost    atomic.Int64        // of a request, as of late, in nanoseconds
	reading context.Context     // until the server is to stop
	working context.Context     // until its grace is over
	conns   sync.WaitGroup
	workers sync.WaitGroup
}

// Serve answers on l until ctx is done, then takes neither connections nor requests,
// finishes those that were accepted (read, and let into the queue), sends their answers
// and returns nil.
//
// Errors: the listener's, if it fails by itself; context.DeadlineExceeded if the rest
// outlived Grace and was given up. Serve closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	working, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	run := s.start(reading, working)
	defer context.AfterFunc(reading, func() { _ = l.Close() })()

	err := run.accept(l)
	stop()
	_ = l.Close() // here as well: the caller may want the port at once
	select {
	case <-run.done():
		return err
	case <-time.After(Grace):
		return errors.Join(err, context.DeadlineExceeded)
	}
}

// start starts the workers.
func (s *Server) start(reading, working context.Context) *serving {
	run := &serving{Server: *s, reading: reading, working: working}
	run.Workers = cmp.Or(s.Workers, DefaultWorkers)
	run.Queue = cmp.Or(s.Queue, DefaultQueue)
	run.MaxConns = cmp.Or(s.MaxConns, DefaultMaxConns)
	run.Idle = cmp.Or(s.Idle, DefaultIdle)
	run.places = semaphore.NewWeighted(int64(run.Workers))
	run.cost.Store(int64(time.Hour)) // slow until it has shown to be fast
	run.queue = newQueue(run.Queue, run.MaxConns, run.Workers)
	for range run.Workers {
		run.workers.Go(run.work)
	}
	return run
}

// done is closed once no connection and no worker is left.
func (s *serving) done() <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		s.conns.Wait()
		s.queue.dismiss(s.Workers)
		s.workers.Wait()
		close(gone)
	}()
	return gone
}
