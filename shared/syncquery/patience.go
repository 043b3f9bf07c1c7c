package syncquery

import (
	"errors"
	"slices"
	"time"
)

// patience is how a reading waits for what others have locked.
//
// It waits for one endpoint at a time, the rarest first, in an order that every client
// sees the same, and meanwhile holds at most what comes before it in that order: so those
// who wait can't wait for each other. The first that it waits for, with empty hands, is
// the turnstile: who has passed it meets few others behind it. What it holds while it
// waits it holds for holdCap at most, since others may go by another order.
type patience struct {
	tries int           // how often everything was given up
	look  time.Duration // when the registry was last looked at
}

// await waits for what the members need, in order.
func (r *reading) await() {
	m := r.m
	r.plan = nil
	target, homeless := m.view.chart.Cover(r.hopefulIDs(), r.cost(false))
	if len(homeless) > 0 { // the registry has changed: they are to be looked at again
		if r.withoutHomeless(homeless) {
			r.await()
		}
		return
	}
	if m.options.Without == Turnstile && len(r.held) == 0 {
		r.tryTogether(r.names(target))
		return
	}
	if dead := m.deadAmong(target); dead != "" { // to hold the others meanwhile would help nobody
		r.unlockAll(r.held, func() { r.waitFor(dead) })
		return
	}
	next, above := r.nextInOrder(r.names(target))
	if next == "" {
		r.readWhatIsNeeded()
		return
	}
	if m.options.Without == ReleaseBeforeWaiting {
		above = nil
	}
	r.unlockAll(above, func() { r.waitFor(next) })
}

// tryTogether is what a reading does that knows no turnstile: it tries everything at once,
// until it has everything.
func (r *reading) tryTogether(target []string) {
	if slices.ContainsFunc(target, func(name string) bool { return r.m.busy[name] != nil && r.m.busy[name] != r }) {
		r.pause(r.m.after(r.m.poll("", 0), r.awaitOrFree))
		return
	}
	r.plan = func() {
		r.plan, r.refused = nil, map[string]error{}
		if len(r.held) == len(target) {
			r.readWhatIsNeeded()
			return
		}
		r.unlockAll(r.held, func() { r.pause(r.m.after(r.m.poll("", 0), r.awaitOrFree)) })
	}
	r.lockAll(target)
}

// nextInOrder returns the first of the endpoints in order that we don't hold, "" if we
// hold all, and what we hold that is not of them, or comes after it.
func (r *reading) nextInOrder(target []string) (next string, above []string) {
	chart := r.m.view.chart
	above = slices.Clone(r.held)
	if r.m.options.Without == OrderedWait { // by name backwards or forwards, as each likes
		slices.Sort(target)
		if r.number%2 == 0 {
			slices.Reverse(target)
		}
		for _, name := range target {
			if !r.holds(name) {
				return name, nil
			}
		}
		return "", nil
	}
	for _, i := range chart.Order() {
		name := chart.Registry()[i].Name
		if !slices.Contains(target, name) {
			continue
		}
		if !r.holds(name) {
			return name, above
		}
		above = slices.DeleteFunc(above, func(other string) bool { return other == name })
	}
	return "", above
}

// waitFor waits for one endpoint, and then tries for the rest.
func (r *reading) waitFor(name string) {
	m := r.m
	if len(r.members) == 0 {
		r.free()
		return
	}
	if earliest := m.notBefore(); len(r.held) == 0 && earliest > m.now {
		r.pause(m.after(earliest-m.now, func() { r.waitFor(name) }))
		return
	}
	if owner := m.busy[name]; owner != nil && owner != r { // of our own: it will not be long
		r.reserve("")
		r.pollLater(name)
		return
	}
	r.reserve(name)
	r.lock(name, func(err error) {
		if len(r.members) == 0 {
			return // lock frees
		}
		if err == nil {
			r.passed()
			return
		}
		r.noted(err)
		switch {
		case errors.Is(err, ErrEndpointNotFound):
			r.lookAgain()
		case !passes(err): // for good: it is planned without
			r.await()
		default:
			if m.doubts[name] != 0 { // then it may be cleared
				r.reserve("")
			}
			m.clear(lost, func() { r.pollLater(name) })
		}
	})
}

// passed goes on once what was waited for is ours: with empty hands no longer, it takes
// in who has come meanwhile, and tries for the rest without waiting.
func (r *reading) passed() {
	r.refused = map[string]error{}
	r.reserve("")
	if g, ok := r.m.strategy.(*grouping); ok {
		g.absorb(r)
	}
	r.lockRest()
}

// lockRest tries for everything that is still missing at once, goes around what is
// refused, and where there is no way around waits for it.
func (r *reading) lockRest() {
	missing := r.missing(r.ids())
	if len(missing) == 0 {
		r.readWhatIsNeeded()
		return
	}
	chosen, homeless := r.m.view.chart.Cover(missing, r.cost(true))
	if len(homeless) == 0 {
		r.plan = r.lockRest
		r.lockAll(r.names(chosen))
		return
	}
	if r.giveBackHopeless() {
		r.lockRest()
		return
	}
	r.await()
}

// giveBackHopeless lets those members wait by themselves who may wait for ever, so that
// they don't take the others with them, and says whether there were such and others.
func (r *reading) giveBackHopeless() bool {
	hopeless := slices.DeleteFunc(slices.Clone(r.members), func(q *query) bool { return !r.m.hopeless(q) })
	if len(hopeless) == 0 || len(hopeless) == len(r.members) {
		return false
	}
	for _, q := range hopeless {
		r.giveBack(q)
	}
	return true
}

// hopefulIDs returns what those members ask for who may get it, or all if none may.
func (r *reading) hopefulIDs() []int64 {
	hopeful := slices.DeleteFunc(slices.Clone(r.members), r.m.hopeless)
	if len(hopeful) == 0 {
		return r.ids()
	}
	return idsOf(hopeful)
}

// pollLater waits for an endpoint a little longer, unless what is held meanwhile was held
// for too long.
func (r *reading) pollLater(name string) {
	m, p := r.m, r.patient
	switch {
	case len(r.members) == 0:
		r.free()
	case len(r.held) > 0 && m.since(r.since) > holdCap && m.options.Without != ReleaseBeforeWaiting:
		r.unlockAll(r.held, func() {
			r.refused = map[string]error{}
			r.reserve("")
			r.pause(m.after(m.pause(p.tries), r.awaitOrFree))
			p.tries++
		})
	case len(r.held) == 0 && m.since(p.look) > lookAgain:
		r.lookAgain()
	default:
		r.pause(m.after(m.poll(name, r.age()), func() { r.waitFor(name) }))
	}
}

func (r *reading) awaitOrFree() {
	if len(r.members) == 0 {
		r.free()
		return
	}
	r.await()
}

// lookAgain reads the registry for another way. Members who have one now are given back.
func (r *reading) lookAgain() {
	m := r.m
	r.patient.look = m.now
	m.look(func(error) {
		r.refused = map[string]error{}
		m.unblock() // who waits for what is only reserved here may have another way, too
		if len(r.held) == 0 {
			for _, q := range slices.Clone(r.members) {
				if m.standing(q) == free {
					r.giveBack(q)
				}
			}
		}
		r.awaitOrFree()
	})
}

// giveBack lets a member wait for another reading at once.
func (r *reading) giveBack(q *query) {
	r.members = slices.DeleteFunc(r.members, func(other *query) bool { return other == q })
	r.m.wait(q)
}

// age is how long the eldest of the members has waited.
func (r *reading) age() (age time.Duration) {
	for _, q := range r.members {
		age = max(age, r.m.since(q.came))
	}
	return age
}
