package sim

import (
	"slices"

	"lockstep/shared/syncquery"
)

// leases is how our server lets whole readings at the endpoints, as shared/lease does:
// first come, first served at each, all or nothing.
type leases struct {
	server *server
	queue  []*lease // those that wait and those that are granted, by ticket
}

// lease is one reading that the server makes by itself.
type lease struct {
	flight  *flight
	names   []string
	drop    bool // its answer is lost
	granted bool
}

// wants says whether a lease holds an endpoint, or waits for it.
func (l *leases) wants(name string) bool {
	return slices.ContainsFunc(l.queue, func(one *lease) bool { return slices.Contains(one.names, name) })
}

// enqueue lets a reading wait for its turn, for as long as it wants.
func (l *leases) enqueue(f *flight, drop bool) {
	w := l.server.world
	chosen, homeless := syncquery.CoverAround(l.server.list(), f.command.IDs, func(e syncquery.Endpoint) bool { return l.server.endpoints[e.Name].locked })
	if len(homeless) > 0 {
		f.answer(w.now, syncquery.Result{Err: &syncquery.UnknownResourcesError{Resources: homeless}})
		return
	}
	one := &lease{flight: f, drop: drop}
	for _, e := range chosen {
		one.names = append(one.names, e.Name)
	}
	l.queue = append(l.queue, one)
	w.after(f.command.Wait, func() {
		if !one.granted {
			l.remove(one)
			f.answer(w.now, syncquery.Result{Err: syncquery.ErrNotDone})
		}
	})
	l.grant()
}

// grant lets everyone begin who is the first at each of its endpoints.
func (l *leases) grant() {
	taken := map[string]bool{}
	for _, one := range slices.Clone(l.queue) {
		free := true
		for _, name := range one.names {
			if taken[name] || l.server.endpoints[name].locked {
				free = false
			}
			taken[name] = true
		}
		if free && !one.granted {
			l.begin(one)
		}
	}
}

// begin reads under a lease that was just granted, and frees it when that is over.
func (l *leases) begin(one *lease) {
	w := l.server.world
	one.granted = true
	for _, name := range one.names {
		l.server.endpoints[name].lease = one
		l.tell(one, syncquery.Locked, name)
	}
	w.after(l.server.options.ReadTime, func() {
		l.remove(one)
		states := make(map[int64]string, len(one.flight.command.IDs))
		for _, id := range one.flight.command.IDs {
			states[id] = stateOf(id)
		}
		result := syncquery.Result{States: states}
		if one.drop {
			result = syncquery.Result{Err: syncquery.ErrAnswerLost}
		}
		one.flight.answer(w.now, result)
	})
}

// remove takes a lease out of the queue, and lets those begin who waited for it.
func (l *leases) remove(one *lease) {
	l.queue = slices.DeleteFunc(l.queue, func(other *lease) bool { return other == one })
	if one.granted {
		for _, name := range one.names {
			l.server.endpoints[name].lease = nil
			l.tell(one, syncquery.Unlocked, name)
		}
	}
	l.grant()
}

// tell records what the server does with an endpoint in its client's name.
func (l *leases) tell(one *lease, kind syncquery.HappeningKind, name string) {
	one.flight.client.observe(syncquery.Happening{At: l.server.world.now, Kind: kind, Reading: one.flight.command.Reading, Endpoint: name})
}
