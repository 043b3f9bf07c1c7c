package syncquery

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// together is what a grouping knows of a server that makes whole readings by itself.
type together struct {
	known    bool // whether it does
	can      bool
	calls    int    // under way, for those who ask for the first time
	retries  int    // under way, for others
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
		g.failWaiting(result.Err)
	})
}

// gatherTime is how long a round waits at most for those whom the last one answered:
// workers that ask again at once, who would otherwise make every other round a small
// one. It is short beside any reading.
const gatherTime = 2 * time.Millisecond

// dispatchTogether has the server answer those who wait: one reading at a time, or two
// while few queries are about.
//
// Who was in a reading that came to nothing asks again beside them, in ever smaller
// company and with ever more patience: one query for what others hold for long, or that
// the server refuses, must not take others with it again and again.
func (g *grouping) dispatchTogether() {
	t := &g.together
	again := func(q *query) bool { return q.tries > 0 }
	for t.retries < maxRetries {
		i := slices.IndexFunc(g.waiting, again)
		if i < 0 {
			break
		}
		g.readTogether(g.beginTogether(g.company(g.waiting[i])))
	}
	waiting := slices.DeleteFunc(slices.Clone(g.waiting), again)
	if len(waiting) == 0 {
		return
	}
	busy := 0
	for _, r := range g.readings {
		if len(r.members) > 0 && !again(r.members[0]) {
			busy += len(r.members)
		}
	}
	if t.calls > 1 || t.calls == 1 && busy+len(waiting) > fewQueries {
		return
	}
	if !t.over && len(waiting) < t.answered {
		if t.gathered == nil {
			t.gathered = g.after(gatherTime, func() { t.gathered, t.over = nil, true })
		}
		return
	}
	g.stop(t.gathered)
	t.gathered, t.over = nil, false
	g.readTogether(g.beginTogether(fitting(waiting)))
}

// How those who ask again are grouped: a quarter of smallGroup as often as they have
// asked, and how many such readings there are at a time.
const (
	smallGroup = 16
	maxRetries = 8
	alone      = 2 // from this try on a query is read for by itself
)

// company returns those who wait as a query does, who asks again: as often as it.
func (g *grouping) company(q *query) []*query {
	like := slices.DeleteFunc(slices.Clone(g.waiting), func(other *query) bool { return other.tries != q.tries })
	return fitting(like[:min(len(like), max(1, smallGroup>>(2*min(q.tries, alone))))])
}

func (g *grouping) beginTogether(members []*query) *reading {
	r := g.begin(members)
	r.stage = readingStage
	return r
}

// firstWait is how long a first reading waits for its endpoints at most; each further one
// twice as long, up to most of the time that the call has. It is longer than any line of
// readings that take a tenth of a second each.
const firstWait = 4 * time.Second

// readTogether answers a reading's members from one reading of the server's own. An id
// that nobody serves fails the queries that name it, and the others are asked for again.
func (g *grouping) readTogether(r *reading) {
	tries, calls := r.members[0].tries, &g.together.calls
	if tries > 0 {
		calls = &g.together.retries
	}
	*calls++
	timeout := g.options.readTimeout()
	wait := min(firstWait<<min(tries, 10), (timeout * 2 / 3).Truncate(time.Millisecond)) // the rest is for reading
	g.happens(Happening{Kind: TogetherAsked, Reading: r.number})
	one := &read{}
	r.reads = []*read{one}
	one.call = g.call(Command{Does: CallTogether, Reading: r.number, IDs: r.ids(), Wait: wait, Timeout: timeout}, func(result Result) {
		*calls--
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
			r.fails[q.ids[0]] = r.ofGroup(q, result.Err)
		}
	}
	r.free()
}

// ofGroup is a member's error when its whole group was answered by one: what no retry
// mends may be another member's fault, so that each is to ask by itself.
func (r *reading) ofGroup(q *query, err error) error {
	if len(r.members) == 1 || passes(err) || errors.Is(err, ErrUnreachable) {
		return err
	}
	q.tries = max(q.tries, alone)
	return fmt.Errorf("%w: %w", errGivenUp, err)
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
