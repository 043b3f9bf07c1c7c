package syncquery

import (
	"errors"
	"slices"
	"time"
)

// together is what a grouping knows of a server that makes whole readings by itself.
type together struct {
	known    bool // whether it does
	can      bool
	calls    int    // under way
	answered int    // how many the last reading answered
	gathered *timer // rings when those have had time to ask again; nil otherwise
	over     bool   // it has rung
}

// askWhether finds out whether the server reads together.
func (g *grouping) askWhether() {
	g.looking = true
	g.call(Command{Does: CallAsk}, func(result Result) {
		g.looking = false
		if result.Err == nil {
			g.together.known, g.together.can = true, result.Can
			return
		}
		for _, q := range slices.Clone(g.waiting) {
			g.waiting = g.waiting[1:]
			g.fail(q, result.Err)
		}
	})
}

// gatherTime is how long a round waits at most for those whom the last one answered:
// workers that ask again at once, who would otherwise make every other round a small
// one. It is short beside any reading.
const gatherTime = 2 * time.Millisecond

// dispatchTogether has the server answer those who wait: one reading at a time, or two
// while few queries are about.
func (g *grouping) dispatchTogether() {
	t := &g.together
	busy := 0
	for _, r := range g.readings {
		busy += len(r.members)
	}
	if t.calls > 1 || t.calls == 1 && busy+len(g.waiting) > fewQueries {
		return
	}
	if !t.over && len(g.waiting) < t.answered {
		if t.gathered == nil {
			t.gathered = g.after(gatherTime, func() { t.gathered, t.over = nil, true })
		}
		return
	}
	g.stop(t.gathered)
	t.gathered, t.over = nil, false
	r := g.begin(fitting(g.waiting))
	r.stage = readingStage
	g.readTogether(r)
}

// readTogether answers a reading's members from one reading of the server's own. An id
// that nobody serves fails the queries that name it, and the others are asked for again.
func (g *grouping) readTogether(r *reading) {
	g.together.calls++
	timeout := g.options.readTimeout()
	g.happens(Happening{Kind: TogetherAsked, Reading: r.number})
	// The wait is most of the time that the call has; the rest is for reading.
	one := &read{}
	r.reads = []*read{one}
	one.call = g.call(Command{Does: CallTogether, Reading: r.number, IDs: r.ids(), Wait: (timeout * 2 / 3).Truncate(time.Millisecond), Timeout: timeout}, func(result Result) {
		g.together.calls--
		if result.Err == nil {
			g.happens(Happening{Kind: TogetherRead, Reading: r.number})
		}
		var unknown *UnknownResourcesError
		if errors.As(result.Err, &unknown) && r.failUnknown(unknown.Resources) && len(r.members) > 0 {
			g.readTogether(r)
			return
		}
		g.answerTogether(r, result)
	})
}

func (g *grouping) answerTogether(r *reading, result Result) {
	g.together.answered = 0
	if result.Err == nil {
		g.together.answered = len(r.members)
	}
	r.states, r.fails = result.States, map[int64]error{}
	if result.Err != nil {
		for _, q := range r.members {
			r.fails[q.ids[0]] = result.Err
		}
	}
	r.free()
}

// failUnknown answers the members who name one of the ids, and says whether any does.
func (r *reading) failUnknown(ids []int64) (any bool) {
	for _, q := range slices.Clone(r.members) {
		for _, id := range q.ids {
			if slices.Contains(ids, id) {
				r.m.answer(q, nil, &UnknownResourceError{Resource: id})
				r.members = slices.DeleteFunc(r.members, func(other *query) bool { return other == q })
				any = true
				break
			}
		}
	}
	return any
}

// fitting returns as many of the queries as one reading can answer, the first at least.
func fitting(queries []*query) []*query {
	ids := map[int64]bool{}
	for i, q := range queries {
		for _, id := range q.ids {
			ids[id] = true
		}
		if len(ids) > MaxTogether && i > 0 {
			return slices.Clone(queries[:i])
		}
	}
	return slices.Clone(queries)
}
