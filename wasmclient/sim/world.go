package sim

import (
	"errors"
	"slices"
	"time"

	"lockstep/shared/syncquery"
)

// World is a simulated world: clients that ask queries of one server, on a virtual clock.
// Everything in it follows from its options: the same options make the same world, bit
// for bit, on every platform. Not safe for concurrent use.
type World struct {
	options Options
	agenda  agenda
	now     time.Duration
	clients []*client
	server  *server
	trace   *Trace
	wire    chance

	readings int // so far, of all clients
	done     int // queries that came to their end
	last     time.Duration
	stopped  bool
}

// NewWorld makes a world. Its error is a *FieldError, or one of the registry.
func NewWorld(o Options) (*World, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.Clients = max(1, o.Clients)
	w := &World{options: o, wire: newChance(o.Seed, chanceOfWire), trace: newTrace(o.World.Registry, o.World.Record)}
	w.server = newServer(w)
	served := o.World.Registry.Served()
	if err := o.check(served); err != nil {
		return nil, err
	}
	for i := range o.Clients {
		workload := o.Workload
		workload.Seed += uint64(i)
		w.clients = append(w.clients, newClient(w, i, workload.drawer(served)))
	}
	w.planCrashes()
	w.server.planChanges()
	for _, c := range w.clients {
		w.after(0, c.start)
	}
	return w, nil
}

// planCrashes chooses who crashes, and when: in the time that the first queries take.
func (w *World) planCrashes() {
	random := newChance(w.options.Seed, chanceOfCrashes)
	for _, c := range w.clients {
		if random.happens(w.options.World.Crash) {
			at := 10 * (w.options.World.ReadTime + 10*time.Millisecond)
			w.after(time.Duration(random.Int64N(int64(at))), c.crash)
		}
	}
}

// after has something happen after a while.
func (w *World) after(d time.Duration, what func()) { w.agenda.put(w.now+d, what) }

// Advance lets that many things happen, and says whether there are more to come.
func (w *World) Advance(steps int) (more bool) {
	for ; steps > 0 && len(w.agenda.heap) > 0 && !w.stopped; steps-- {
		next := w.agenda.take()
		w.now = next.at
		next.what()
	}
	return len(w.agenda.heap) > 0 && !w.stopped
}

// Stop ends the world where it is. Queries without an answer have failed.
func (w *World) Stop() {
	w.stopped = true
	for _, c := range w.clients {
		for _, s := range c.asked {
			s.Err, s.Latency = errStopped, w.now-s.Start
		}
		for i := range c.samples {
			if !c.samples[i].begun {
				c.samples[i].Err, c.samples[i].Start = errStopped, w.now
			}
		}
	}
	w.last = w.now
}

var (
	errStopped = errors.New("stopped")
	errCrashed = errors.New("the client crashed")
)

// Now returns the time in the world.
func (w *World) Now() time.Duration { return w.now }

// Done returns how many queries came to their end.
func (w *World) Done() int { return w.done }

// Total returns how many queries there are.
func (w *World) Total() int { return w.options.Queries * len(w.clients) }

// Trace returns what has happened so far. It is empty unless the events are kept.
func (w *World) Trace() *Trace { return w.trace }

// Samples returns the queries, client after client.
func (w *World) Samples() []Sample {
	var all []Sample
	for _, c := range w.clients {
		for i := range c.samples {
			all = append(all, c.samples[i].Sample)
		}
	}
	return all
}

// Facts are what only a simulated world can tell.
type Facts struct {
	Seed      uint64   `json:"seed"`
	Clients   int      `json:"clients"`
	BadReads  int      `json:"bad_reads"`  // that were not made under the reader's own lock
	LocksLeft []string `json:"locks_left"` // in the end
	Events    int      `json:"events"`
	Hash      string   `json:"hash"` // over all events
}

// Report returns what the world came to.
func (w *World) Report() Report {
	var calls, locks int64
	var possibly []string
	for _, c := range w.clients {
		calls += c.calls
		locks += c.locks
		possibly = append(possibly, c.left...)
	}
	slices.Sort(possibly)
	r := Summarize(string(w.options.Strategy), w.Samples(), w.last, calls, locks, slices.Compact(possibly))
	r.Facts = &Facts{
		Seed: w.options.Seed, Clients: len(w.clients), BadReads: w.server.badReads,
		LocksLeft: w.server.left(), Events: w.trace.count, Hash: w.trace.Hash(),
	}
	return r
}

// Unexplained returns the endpoints that are left locked by a client that lived to the end
// and does not name them as possibly left: there must be none.
func (w *World) Unexplained() (names []string) {
	for _, name := range w.server.left() {
		if c := w.server.endpoints[name].owner; c != nil && !c.crashed && !slices.Contains(c.left, name) {
			names = append(names, name)
		}
	}
	return names
}

// Possible says whether each id of a query, by its place in Samples, has a home that is not
// left locked: then it could have been answered.
func (w *World) Possible(query int) bool {
	left := w.server.left()
	ids := w.clients[query/w.options.Queries].samples[query%w.options.Queries].ids
	return !slices.ContainsFunc(ids, func(id int64) bool {
		return !slices.ContainsFunc(w.server.registry, func(e syncquery.Endpoint) bool {
			return slices.Contains(e.Resources, id) && !slices.Contains(left, e.Name)
		})
	})
}

// Unclosed returns the clients that lived and whose machines did not come to their end when
// nothing was left to happen: there must be none.
func (w *World) Unclosed() (clients []int) {
	for _, c := range w.clients {
		if !c.crashed && !c.closed {
			clients = append(clients, c.number)
		}
	}
	return clients
}

// strategyIs says which strategy the clients go by.
func (w *World) strategyIs(s syncquery.Strategy) bool { return w.options.Strategy == s }
