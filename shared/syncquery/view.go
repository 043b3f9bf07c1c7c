package syncquery

import (
	"slices"
	"time"
)

// view is the registry as we last saw it, and what we heard since.
type view struct {
	chart   *Chart
	foreign []bool                   // by endpoint: others have it locked, as far as we know
	freeAt  map[string]time.Duration // when an endpoint was last known to be free, or first seen
}

// look reads the registry, and then says how that went.
func (m *Machine) look(then func(error)) {
	own := make(map[string]bool, len(m.busy)) // an answer may be older than our own unlocking
	for name := range m.busy {
		own[name] = m.ours(name)
	}
	m.happens(Happening{Kind: RegistryRead})
	m.call(Command{Does: CallRegistry}, func(result Result) {
		if result.Err == nil {
			m.see(result.Registry, own)
		}
		then(result.Err)
	})
}

// see takes in a registry. What is locked and not by us tells that others are about, if
// it is news: a lock that was there before may have been left by somebody who crashed.
func (m *Machine) see(registry Registry, own map[string]bool) {
	before := m.view
	m.view.foreign = make([]bool, len(registry))
	if m.view.freeAt == nil {
		m.view.freeAt = map[string]time.Duration{}
	}
	if before.chart == nil || !sameResources(before.chart.Registry(), registry) {
		m.view.chart = NewChart(registry)
	}
	for i, e := range registry {
		if _, known := m.view.freeAt[e.Name]; !known {
			m.view.freeAt[e.Name] = m.now
		}
		if !e.Locked || own[e.Name] || m.ours(e.Name) {
			m.view.freeAt[e.Name] = m.now
			continue
		}
		m.view.foreign[i] = true
		if m.doubts[e.Name] == 0 && !before.locked(e.Name) {
			m.foreignAt = m.now
		}
	}
}

// ours says whether an endpoint may be locked by a reading of ours. What one only waits for
// is not.
func (m *Machine) ours(name string) bool {
	r := m.busy[name]
	return r != nil && r.reserved != name
}

// locked says whether others had the endpoint locked in this view.
func (v view) locked(name string) bool {
	if v.chart == nil {
		return false
	}
	i := v.chart.Index(name)
	return i >= 0 && v.foreign[i]
}

// sameResources says whether two registries list the same endpoints, with the same
// resources, in the same order.
func sameResources(a, b Registry) bool {
	return slices.EqualFunc(a, b, func(x, y Endpoint) bool {
		return x.Name == y.Name && slices.Equal(x.Resources, y.Resources)
	})
}

// hear notes what a lock's answer tells of an endpoint: that others have it, or not.
func (m *Machine) hear(name string, foreign bool) {
	i := m.view.chart.Index(name)
	if i < 0 {
		return
	}
	if foreign && !m.view.foreign[i] && m.doubts[name] == 0 { // else it may be our own lock
		m.foreignAt = m.now
	}
	m.view.foreign[i] = foreign
	if !foreign {
		m.view.freeAt[name] = m.now
	}
}

// Costs of endpoints in a plan: few of them, and among as few those that others need
// least. What others have locked is taken only where there is no other way.
const (
	costHeld    = 1
	costEach    = int64(1) << 20
	costOwn     = int64(1) << 36 // another reading of ours has it: it will be free soon
	costUnsure  = int64(1) << 38 // an answer was lost there, but it looks free
	costForeign = int64(1) << 40
	costDoubt   = int64(1) << 44 // it is locked, perhaps by ourselves, for ever
)

// cost returns what it costs a reading to use each endpoint; -1 is not at all. Only is
// what can be had right now.
func (r *reading) cost(only bool) []int64 {
	m := r.m
	costs := make([]int64, len(m.view.foreign))
	for i, e := range m.view.chart.Registry() {
		costs[i] = costEach + min(m.view.chart.Need()[i], costEach/2)
		extra := int64(0)
		switch owner := m.busy[e.Name]; {
		case r.holds(e.Name):
			costs[i] = costHeld
		case r.refused[e.Name] != nil && !passes(r.refused[e.Name]):
			costs[i] = -1
			continue
		case r.refused[e.Name] != nil:
			extra = costForeign
		case owner != nil && owner != r:
			extra = costOwn
		case m.doubts[e.Name] != 0 && m.view.foreign[i]:
			extra = costDoubt
		case m.doubts[e.Name] != 0:
			extra = costUnsure
		case m.view.foreign[i]:
			extra = costForeign
		}
		if costs[i] += extra; only && extra > 0 {
			costs[i] = -1
		}
	}
	return costs
}

// standing is what a query can expect right now.
type standing int

const (
	free    standing = iota // a home of every id is free
	ours                    // an id has only homes that other readings of ours are at
	foreign                 // an id has only homes that others have locked
)

// standing says what a query can expect.
func (m *Machine) standing(q *query) (worst standing) {
	for _, wanted := range q.ids {
		best := foreign
		for _, i := range m.view.chart.Homes(wanted) {
			name := m.view.chart.Registry()[i].Name
			switch {
			case m.busy[name] != nil:
				best = min(best, ours)
			case !m.view.foreign[i] && m.doubts[name] == 0:
				best = free
			}
		}
		worst = max(worst, best)
	}
	return worst
}

// hopeless says whether a query asks for an id whose homes others have had locked for so
// long that they may never be free again.
func (m *Machine) hopeless(q *query) bool {
	return slices.ContainsFunc(q.ids, func(id int64) bool {
		return !slices.ContainsFunc(m.view.chart.Homes(id), func(i int) bool {
			return !m.view.foreign[i] || m.since(m.view.freeAt[m.view.chart.Registry()[i].Name]) <= quietAfter
		})
	})
}

// deadAmong returns which of the endpoints others have had locked for so long that it may
// never be free again, "" if none: of several the one that was free last.
func (m *Machine) deadAmong(endpoints []int) (dead string) {
	for _, i := range endpoints {
		name := m.view.chart.Registry()[i].Name
		if m.view.foreign[i] && m.since(m.view.freeAt[name]) > quietAfter && (dead == "" || m.view.freeAt[name] > m.view.freeAt[dead]) {
			dead = name
		}
	}
	return dead
}

// unknown returns the error of the first of the query's ids that nobody serves.
func (m *Machine) unknown(q *query) error {
	for _, id := range q.ids {
		if m.view.chart.Homes(id) == nil {
			return &UnknownResourceError{Resource: id}
		}
	}
	return nil
}

// since is how long ago something was.
func (m *Machine) since(then time.Duration) time.Duration { return m.now - then }
