package sim

import (
	"slices"
	"strconv"
	"time"

	"lockstep/shared/syncquery"
)

// server is the server of a world: an old one, with every flaw that such have, or ours.
type server struct {
	world     *World
	options   WorldOptions
	registry  syncquery.Registry
	endpoints map[string]*endpoint
	faults    chance
	cores     [cores]time.Duration // when each is free
	accepts   time.Duration        // when the next connection can be taken
	badReads  int
	leases    leases
}

type endpoint struct {
	resources []int64
	locked    bool // by the old API
	owner     *client
	taken     int    // how often it was locked, which tells one lock from the next
	lease     *lease // that is granted and holds it
	gone      bool   // from the registry
}

func newServer(w *World) *server {
	o := w.options.World
	s := &server{world: w, options: o, registry: slices.Clone(o.Registry), endpoints: map[string]*endpoint{}, faults: newChance(w.options.Seed, chanceOfFaults)}
	for _, e := range o.Registry {
		s.endpoints[e.Name] = &endpoint{resources: e.Resources, locked: e.Locked}
	}
	s.leases.server = s
	return s
}

func (s *server) keepsAlive() bool { return s.options.KeepAlive || s.options.Ours }

// left returns the endpoints that are locked, in the registry's order.
func (s *server) left() []string {
	left := []string{}
	for _, e := range s.options.Registry {
		if at := s.endpoints[e.Name]; (at.locked || at.lease != nil) && !at.gone {
			left = append(left, e.Name)
		}
	}
	return left
}

// accept takes a connection, unless too many wait to be taken.
func (s *server) accept() bool {
	s.accepts = max(s.accepts, s.world.now)
	if s.accepts-s.world.now > backlog*acceptWork {
		return false
	}
	s.accepts += acceptWork
	return true
}

// arrive is a request's arrival: it waits for a core, and takes its time.
func (s *server) arrive(f *flight, work time.Duration) {
	first := 0
	for i := range s.cores {
		if s.cores[i] < s.cores[first] {
			first = i
		}
	}
	s.cores[first] = max(s.cores[first], s.world.now) + work
	hang := s.faults.happens(s.options.HangRate)
	at := s.cores[first] + s.options.Latency
	if hang { // it is got to when everybody has given it up
		at = f.deadline + hangTime
		f.never()
	}
	s.world.agenda.put(at, func() { s.serve(f) })
}

// hangTime is how long after its caller gave it up a call is got to that hung.
const hangTime = 3 * time.Second

// serve has a call's effect, and answers.
func (s *server) serve(f *flight) {
	if s.faults.happens(s.options.ErrorRate) {
		f.answer(s.world.now, syncquery.Result{Err: syncquery.ErrNotDone})
		return
	}
	drop := s.faults.happens(s.options.DropRate)
	if f.command.Does == syncquery.CallTogether {
		s.leases.enqueue(f, drop)
		return
	}
	result, hold := s.effect(f)
	at := s.world.now + hold
	if drop {
		result = syncquery.Result{Err: syncquery.ErrAnswerLost}
	}
	f.answer(at, result)
}

// effect does what a call asks for. Hold is how long the answer takes.
func (s *server) effect(f *flight) (result syncquery.Result, hold time.Duration) {
	switch f.command.Does {
	case syncquery.CallRegistry:
		return syncquery.Result{Registry: s.list()}, 0
	case syncquery.CallAsk:
		return syncquery.Result{Can: s.options.Ours}, 0
	case syncquery.CallLock:
		return syncquery.Result{Err: s.lock(f)}, 0
	case syncquery.CallUnlock:
		return syncquery.Result{Err: s.unlock(f)}, 0
	default:
		return s.read(f)
	}
}

func (s *server) list() syncquery.Registry {
	view := make(syncquery.Registry, 0, len(s.registry))
	for _, e := range s.registry {
		at := s.endpoints[e.Name]
		if !at.gone {
			view = append(view, syncquery.Endpoint{Name: e.Name, Locked: at.locked || s.leases.wants(e.Name), Resources: at.resources})
		}
	}
	return view
}

// known returns an endpoint that the registry lists.
func (s *server) known(name string) *endpoint {
	if e := s.endpoints[name]; e != nil && !e.gone {
		return e
	}
	return nil
}

func (s *server) lock(f *flight) error {
	e := s.known(f.command.Endpoint)
	switch {
	case e == nil:
		return syncquery.ErrEndpointNotFound
	case e.locked || s.leases.wants(f.command.Endpoint):
		return syncquery.ErrAlreadyLocked
	}
	e.locked, e.owner = true, f.client
	e.taken++
	return nil
}

func (s *server) unlock(f *flight) error {
	e := s.known(f.command.Endpoint)
	switch {
	case e == nil:
		return syncquery.ErrEndpointNotFound
	case !e.locked:
		return syncquery.ErrAlreadyUnlocked
	}
	e.locked, e.owner = false, nil
	s.leases.grant()
	return nil
}

// read reads a resource, locked or not, as some old servers do, and keeps the book.
func (s *server) read(f *flight) (result syncquery.Result, hold time.Duration) {
	e := s.known(f.command.Endpoint)
	if e == nil {
		return syncquery.Result{Err: syncquery.ErrEndpointNotFound}, 0
	}
	if !slices.Contains(e.resources, f.command.Resource) {
		return syncquery.Result{Err: syncquery.ErrResourceNotServed}, 0
	}
	lock := e.taken
	own := func() bool { return f.back || e.locked && e.owner == f.client && e.taken == lock }
	if !own() {
		s.badReads++
	} else {
		s.world.after(s.options.ReadTime, func() {
			if !own() {
				s.badReads++
			}
		})
	}
	return syncquery.Result{State: stateOf(f.command.Resource)}, s.options.ReadTime
}

func stateOf(resource int64) string { return "state of " + strconv.FormatInt(resource, 10) }

// planChanges has endpoints vanish and come back.
func (s *server) planChanges() {
	random := newChance(s.world.options.Seed, chanceOfChanges)
	for range s.options.Changes {
		name := s.registry[random.IntN(len(s.registry))].Name
		s.world.after(time.Duration(random.Int64N(int64(2*time.Second))), func() { s.vanish(name) })
	}
}

// vanish takes an endpoint out of the registry for a while, once nobody has it: a server
// that drops locks is beyond what a client can survive.
func (s *server) vanish(name string) {
	e := s.endpoints[name]
	if s.world.done == s.world.Total() {
		return
	}
	if e.locked || s.leases.wants(name) {
		s.world.after(time.Millisecond, func() { s.vanish(name) })
		return
	}
	e.gone = true
	s.world.after(goneTime, func() { e.gone = false })
}

// goneTime is for how long an endpoint is gone.
const goneTime = 300 * time.Millisecond
