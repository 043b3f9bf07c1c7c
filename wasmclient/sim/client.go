package sim

import (
	"context"
	"fmt"
	"time"

	"lockstep/shared/syncquery"
)

// client is a client of a world: it runs the very machine that runs against real servers.
type client struct {
	world   *World
	number  int
	machine *syncquery.Machine
	drawer  *drawer         // of its queries, which are drawn as they are asked
	next    int             // the query to be asked next
	asked   map[int]*sample // without an answer, by number
	samples []sample
	wakeAt  time.Duration // when the machine is going to be woken; negative: never
	crashed bool
	closed  bool     // the machine came to its end
	left    []string // then: the endpoints that it names as possibly left locked

	flights  map[int]*flight // calls under way, by number
	queue    []*flight       // calls that wait until fewer are under way
	idle     int             // connections that can be used again
	readings map[int]int     // by the machine's number: the world's
	calls    int64
	locks    int64
	arrivals chance
}

type sample struct {
	Sample
	ids   []int64
	begun bool
}

// maxInFlight is how many calls one client has under way at a time, as over HTTP.
const maxInFlight = 96

func newClient(w *World, number int, d *drawer) *client {
	o := w.options
	c := &client{
		world: w, number: number, drawer: d, samples: make([]sample, o.Queries), asked: map[int]*sample{},
		wakeAt: -1, flights: map[int]*flight{}, readings: map[int]int{},
		arrivals: newChance(o.Seed+uint64(number), chanceOfArrivals), //nolint:gosec // not negative
	}
	c.machine = syncquery.NewMachine(o.Strategy, syncquery.Options{
		Alone: o.Alone, Without: o.Without, Observe: c.observe,
	}, o.Seed<<8+chanceOfMachines+uint64(number)) //nolint:gosec // not negative
	return c
}

// start begins the workers' work, or lets the queries arrive.
func (c *client) start() {
	if c.world.options.Rate > 0 {
		c.arrive()
		return
	}
	for range min(c.world.options.Workers, len(c.samples)) {
		c.work()
	}
}

// arrive asks the next query, and lets the one after it arrive.
func (c *client) arrive() {
	if c.crashed {
		return
	}
	c.ask()
	if c.next < len(c.samples) {
		c.world.after(c.arrivals.exponential(meanGap(c.world.options.Rate)), c.arrive)
		return
	}
	c.closeIfDone()
}

// closeIfDone closes the machine once every query came to its end.
func (c *client) closeIfDone() {
	if c.next == len(c.samples) && len(c.asked) == 0 {
		c.do(c.machine.Close)
	}
}

// work asks the next query, if there is one, for one worker: its end calls work again.
func (c *client) work() {
	if c.next < len(c.samples) {
		c.ask()
	}
	c.closeIfDone()
}

// ask asks the next query.
func (c *client) ask() {
	i := c.next
	c.next++
	s := &c.samples[i]
	s.ids, s.Start, s.begun = c.drawer.next(), c.world.now, true
	s.Resources = len(s.ids)
	c.asked[i] = s
	c.world.after(c.world.options.Timeout, func() { c.timeOut(i) })
	c.do(func(now time.Duration) { c.machine.Ask(now, i, sorted(s.ids)) })
}

// ended notes the end of a query.
func (c *client) ended(s *sample, err error) {
	s.Err, s.Latency = err, c.world.now-s.Start
	c.world.done++
	c.world.last = max(c.world.last, c.world.now)
}

// answer ends a query that was under way.
func (c *client) answer(i int, states map[int64]string, err error) {
	s := c.asked[i]
	if s == nil {
		return
	}
	delete(c.asked, i)
	if err == nil {
		err = complete(states, s.ids)
	}
	c.ended(s, err)
	if c.world.options.Rate > 0 {
		c.world.after(0, c.closeIfDone)
		return
	}
	c.world.after(0, c.work)
}

// timeOut gives a query up whose time is over.
func (c *client) timeOut(i int) {
	if c.asked[i] == nil || c.crashed {
		return
	}
	var last error
	c.do(func(now time.Duration) { last = c.machine.GiveUp(now, i) })
	err := fmt.Errorf("not answered within %s", c.world.options.Timeout)
	if last != nil {
		err = fmt.Errorf("%w; last: %w", err, last)
	}
	c.answer(i, nil, err)
}

// do lets something happen to the machine, and does what it then wants done.
func (c *client) do(happen func(now time.Duration)) {
	if c.crashed {
		return
	}
	happen(c.world.now)
	commands, wake := c.machine.Next()
	for _, command := range commands {
		switch command.Kind {
		case syncquery.Call:
			c.call(command)
		case syncquery.Abandon:
			c.world.after(0, func() { c.abandon(command.Call) })
		case syncquery.Answer:
			c.answer(command.Query, command.States, command.Err)
		case syncquery.Closed:
			c.left, c.closed = command.Left, true
		}
	}
	if wake >= 0 && wake != c.wakeAt {
		c.world.agenda.put(max(wake, c.world.now), func() {
			if c.wakeAt == wake {
				c.wakeAt = -1
				c.do(c.machine.Wake)
			}
		})
	}
	c.wakeAt = wake
}

var errAbandoned = fmt.Errorf("%w: %w", syncquery.ErrAnswerLost, context.Canceled)

// abandon gives a call up that has not come back.
func (c *client) abandon(call int) {
	f := c.flights[call]
	for _, queued := range c.queue {
		if queued.command.Call == call {
			f = queued
		}
	}
	c.back(f, syncquery.Result{Err: errAbandoned})
}

// crash ends the client where it is: what it has locked stays locked, what it has sent
// still arrives.
func (c *client) crash() {
	if c.next == len(c.samples) && len(c.asked) == 0 {
		return // it is through
	}
	c.crashed = true
	c.observe(syncquery.Happening{At: c.world.now, Kind: syncquery.Crashed})
	for i := range c.samples {
		if s := &c.samples[i]; !s.begun || c.asked[i] != nil {
			if !s.begun {
				s.Start = c.world.now
			}
			c.ended(s, errCrashed)
		}
	}
	clear(c.asked)
	c.queue = nil
	c.next = len(c.samples)
}

// observe records what happens to the machine.
func (c *client) observe(h syncquery.Happening) {
	if h.Kind == syncquery.Locked {
		c.locks++
	}
	reading := c.reading(h.Reading)
	if h.Kind <= syncquery.Failed {
		h.Query += c.number * c.world.options.Queries
	}
	c.world.trace.add(c.number, reading, h)
}

// reading returns the world's number of a reading of this client, -1 for none.
func (c *client) reading(own int) int {
	if own == 0 {
		return -1
	}
	number, ok := c.readings[own]
	if !ok {
		number = c.world.readings
		c.world.readings++
		c.readings[own] = number
	}
	return number
}
