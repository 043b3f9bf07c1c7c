package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lockstep/shared/syncquery"
)

// flight is a call on its way to the server and back.
type flight struct {
	client   *client
	command  syncquery.Command
	deadline time.Duration // when the client gives it up
	back     bool          // it has come back, or was given up; what the server does of it nobody sees
}

// What the way to a server on the same machine costs, measured against `lockstep
// oldserver`: the way of a packet, and the server's and the client's work for a call on a
// connection that is open, and beyond it for one that is opened for the call.
const (
	wireTime    = 50 * time.Microsecond
	wireJitter  = 20 * time.Microsecond
	callWork    = 90 * time.Microsecond
	connectWork = 110 * time.Microsecond
	acceptWork  = 5 * time.Microsecond
	cores       = 2

	// backlog is how many connections may wait until the server takes them; one more is
	// not answered, and the system tries again a second later.
	backlog      = 128
	connectAgain = time.Second
)

// call sets a call off, or lets it wait until fewer are under way.
func (c *client) call(command syncquery.Command) {
	f := &flight{client: c, command: command, deadline: c.world.now + command.Timeout}
	if len(c.flights) >= maxInFlight {
		c.queue = append(c.queue, f)
		return
	}
	c.depart(f)
}

func (c *client) depart(f *flight) {
	if f.back { // given up before it was sent
		return
	}
	c.flights[f.command.Call] = f
	c.calls++
	f.send()
}

// send brings the call to the server: by a connection that is open, or by a new one.
func (f *flight) send() {
	c := f.client
	w := c.world
	if f.back || c.crashed {
		return
	}
	if c.idle > 0 {
		c.idle--
		w.after(w.way(), func() { w.server.arrive(f, callWork) })
		return
	}
	w.after(3*w.way(), func() { // there, back, and there with the request
		if !w.server.accept() {
			w.after(connectAgain, f.send)
			return
		}
		w.server.arrive(f, callWork+connectWork)
	})
}

// way is how long a packet takes one way.
func (w *World) way() time.Duration {
	return wireTime + time.Duration(w.wire.Int64N(int64(wireJitter)))
}

// answer sends the result back, at the time given.
func (f *flight) answer(at time.Duration, result syncquery.Result) {
	w := f.client.world
	at += w.way()
	if at > f.deadline {
		at, result = f.deadline, syncquery.Result{Err: errLate}
	}
	w.agenda.put(max(at, w.now), func() { f.client.back(f, result) })
}

// never is the end of a call that gets no answer: the connection stays open.
func (f *flight) never() {
	f.client.world.agenda.put(max(f.deadline, f.client.world.now), func() { f.client.back(f, syncquery.Result{Err: errLate}) })
}

var errLate = fmt.Errorf("%w: %w", syncquery.ErrAnswerLost, context.DeadlineExceeded)

// back takes a call's result in.
func (c *client) back(f *flight, result syncquery.Result) {
	if f == nil || f.back {
		return
	}
	f.back = true
	delete(c.flights, f.command.Call)
	whole := !errors.Is(result.Err, syncquery.ErrAnswerLost) // else the connection is of no more use
	if whole && c.world.server.keepsAlive() && !c.world.strategyIs(syncquery.Serial) {
		c.idle++
	}
	for len(c.queue) > 0 && len(c.flights) < maxInFlight {
		next := c.queue[0]
		c.queue = c.queue[1:]
		c.depart(next)
	}
	c.do(func(now time.Duration) { c.machine.Returned(now, f.command.Call, result) })
}

func sorted(ids []int64) []int64 { return slices.Sorted(slices.Values(ids)) }
