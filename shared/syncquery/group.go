package syncquery

import (
	"slices"
	"time"
)

// grouping answers all queries that wait from one synchronized reading, while the next
// group forms. A group locks only after its members came, so that answers are fresh.
//
// A group does not wait for what others have locked: it goes around, and those for whom
// there is no way around wait for it in a reading of their own, which holds up nobody.
// While few queries are about, a second group may read at endpoints that the first one
// doesn't need; when many are, one group for all is faster.
type grouping struct {
	*Machine
	patient *reading // of those who wait for others; nil if nobody does
	active  []*reading
	looking bool

	together together
}

// fewQueries is how many queries may be about for a second group to pay.
const fewQueries = 8

func (g *grouping) dispatch() {
	if len(g.waiting) == 0 || g.looking {
		return
	}
	if !g.together.known {
		g.askWhether()
		return
	}
	if g.together.can {
		g.dispatchTogether()
		return
	}
	if len(g.active) > 0 && !g.secondPays() {
		return
	}
	if g.rests() {
		return
	}
	g.lookAndBegin()
}

// secondPays says whether a second group may begin beside the first: while few queries are
// about, and nobody was passed over for one before, who might be again for ever.
func (g *grouping) secondPays() bool {
	passed := func(q *query) bool { return q.passed }
	return len(g.active) == 1 && len(g.active[0].members)+len(g.waiting) <= fewQueries &&
		!slices.ContainsFunc(g.behind, passed) && !slices.ContainsFunc(g.waiting, passed)
}

// lookAndBegin reads the registry and begins a reading for those who wait by then.
func (g *grouping) lookAndBegin() {
	g.looking = true
	asked := g.now
	g.look(func(err error) {
		g.clear(lost, func() {
			g.looking = false
			if err != nil {
				g.failWaiting(err)
				return
			}
			g.place(g.takeWaiting(), asked) // also those who came meanwhile
		})
	})
}

func (g *grouping) takeWaiting() []*query {
	waiting := g.waiting
	g.waiting = nil
	return waiting
}

// place finds every query its reading. Who came after the registry was asked for is not
// judged by it.
func (g *grouping) place(waiting []*query, asked time.Duration) {
	var going, waitingForOthers []*query
	for _, q := range waiting {
		if err := g.unknown(q); err != nil {
			if q.came > asked {
				g.waiting = append(g.waiting, q)
				continue
			}
			g.answer(q, nil, err)
			continue
		}
		switch g.standing(q) {
		case free:
			going = append(going, q)
		case ours:
			q.passed = true
			g.behind = append(g.behind, q)
		case foreign:
			waitingForOthers = append(waitingForOthers, q)
		}
	}
	if len(going) > 0 {
		r := g.begin(going)
		g.active = append(g.active, r)
		r.lockAround()
	}
	if len(waitingForOthers) > 0 {
		g.waitForOthers(waitingForOthers)
	}
}

// waitForOthers has queries wait for what others have locked.
func (g *grouping) waitForOthers(queries []*query) {
	r := g.patient
	switch {
	case r == nil:
		g.patient = g.begin(queries)
		g.patient.patient = &patience{look: g.now}
		g.patient.await()
	case r.stage == lockingStage && len(r.held) == 0 && r.locking == 0:
		r.join(queries...)
	default: // it has what it waited for: they wait for the next one
		g.behind = append(g.behind, queries...)
	}
}

// absorb has a reading that has just got what it waited for take in all who wait.
func (g *grouping) absorb(r *reading) {
	for _, q := range slices.Concat(g.behind, g.postponed, g.waiting) {
		if g.unknown(q) == nil {
			r.join(q)
		}
	}
}

func (g *grouping) ended(r *reading) {
	g.active = slices.DeleteFunc(g.active, func(other *reading) bool { return other == r })
	if g.patient == r {
		g.patient = nil
	}
	g.unblock()
}
