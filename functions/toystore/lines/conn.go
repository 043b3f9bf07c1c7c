package lines

import (
	"context"
	"net"
	"sync"
	"time"
)

// window is how many requests of one connection are under way at most, from being
// accepted to having their answer sent. It bounds what a connection keeps.
const window = 128

// conn is a connection of one client.
type conn struct {
	net.Conn
	server *serving
	lines  splitter
	batch  []request // the reader's
	sendBy time.Time // the sender's: its write deadline
	sender func()    // send, made a func once
	try    *tryer    // nil: there is no trying
	rest   *work     // the sender's: begun to be sent

	mu       sync.Mutex
	changed  sync.Cond // what the reader waits for
	waiting  []request // accepted, not taken by a worker
	works    []*work   // taken, not sent, in order
	unsent   int       // requests accepted whose answer was not sent
	active   time.Time // when an answer was sent last
	queued   bool      // it has a turn in the queue
	sending  bool      // somebody sends
	stopping bool      // nothing more is accepted
	failed   bool      // nothing more is sent
}

// connect serves a connection until it is closed.
func (s *serving) connect(accepted net.Conn) {
	c := &conn{Conn: accepted, server: s, active: time.Now(), try: newTryer(accepted)}
	c.changed.L = &c.mu
	c.sender = c.send
	defer context.AfterFunc(s.reading, c.stop)()
	defer context.AfterFunc(s.working, c.fail)()
	unread := c.read()
	if c.flush() && unread {
		c.hangUp()
	}
	c.fail()
	c.leave()
}

// room waits until some of n requests may be under way, and returns how many; 0 if the
// connection ends before.
func (c *conn) room(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.unsent == window && !c.stopping && !c.failed {
		c.changed.Wait()
	}
	if c.stopping || c.failed {
		return 0
	}
	return min(n, window-c.unsent)
}

// push accepts requests that have places in the queue.
func (c *conn) push(requests []request) {
	c.mu.Lock()
	if c.failed { // nobody is left to answer to
		c.mu.Unlock()
		c.server.queue.leave(len(requests))
		return
	}
	c.waiting = append(c.waiting, requests...)
	c.unsent += len(requests)
	turn := !c.queued
	c.queued = true
	c.mu.Unlock()
	if turn && !c.server.turnNow(c) {
		c.server.queue.turns <- c
	}
}

// flush waits until all that was accepted is answered; false if that cannot be any more.
func (c *conn) flush() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.unsent > 0 && !c.failed {
		c.changed.Wait()
	}
	return !c.failed
}

// stop ends reading.
func (c *conn) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping {
		c.stopping = true
		_ = c.SetReadDeadline(time.Unix(1, 0)) // if it fails, so does reading
		c.changed.Broadcast()
	}
}

// fail closes the connection, and drops what no worker has begun.
func (c *conn) fail() {
	c.mu.Lock()
	before, dropped := c.failed, len(c.waiting)
	c.failed, c.waiting = true, nil
	c.changed.Broadcast()
	c.mu.Unlock()
	if !before {
		c.server.queue.leave(dropped)
		_ = c.Close()
	}
}

// leave waits until the connection has no turn in the queue any more. Before that, its
// place among the connections must not be another's, or there were more turns than the
// queue has room for.
func (c *conn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.queued {
		c.changed.Wait()
	}
}
