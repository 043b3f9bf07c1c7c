package syncquery

import (
	"fmt"
	"slices"
	"time"
)

// reading is one synchronized reading on its way to its members' answers: it locks, reads,
// frees, and answers, in this order.
type reading struct {
	m       *Machine
	number  int
	members []*query

	held    []string         // what we have locked, in the order of locking
	refused map[string]error // what we did not get, since we last looked
	since   time.Duration    // since when we hold anything
	locking int              // locks that are asked for and not answered

	patient  *patience // of one that waits for what others have locked; nil of one that doesn't wait
	reserved string    // what it waits for, and no other reading of ours does; "" for nothing
	turn     *timer    // what it waits for
	plan     func()    // goes on when all locks that were asked for are answered

	stage  stage
	reads  []*read
	open   int // reads that have not come to their end
	states map[int64]string
	fails  map[int64]error // why a resource can't be read
	lost   error           // ErrLockLost, when somebody else freed what we held
	inTurn bool            // everything is done one after the other
}

// stage is how far a reading has come.
type stage int

const (
	lockingStage stage = iota
	readingStage
	freeingStage
	endedStage // what was superfluous may still be on its way to being free
)

// begin makes a reading for the members.
func (m *Machine) begin(members []*query) *reading {
	m.lastReading++
	r := &reading{m: m, number: m.lastReading, refused: map[string]error{}}
	m.readings = append(m.readings, r)
	r.join(members...)
	return r
}

// join makes members of queries that waited, as long as nothing is read.
func (r *reading) join(members ...*query) {
	for _, q := range members {
		q.reading = r
	}
	r.members = append(r.members, members...)
	r.m.remove(func(q *query) bool { return q.reading == r })
}

// leave lets a member go that was given up. A reading without members ends.
func (r *reading) leave(q *query) {
	r.members = slices.DeleteFunc(r.members, func(other *query) bool { return other == q })
	if len(r.members) > 0 || r.stage >= freeingStage {
		return
	}
	if r.stage == lockingStage {
		r.pause(nil)
		if r.locking == 0 {
			r.free()
		}
		return
	}
	if len(r.held) == 0 { // the server reads by itself
		r.breakOff()
		return
	}
	r.m.after(readGrace, r.breakOff)
}

// breakOff has the reads that are under way broken off.
func (r *reading) breakOff() {
	for _, read := range r.reads {
		r.m.abandon(read.call)
	}
}

// postpone gives the members back whom the resources' troubles keep from an answer.
func (r *reading) postpone(trouble map[int64]error) {
	var stay []*query
	for _, q := range r.members {
		if err := troubleOf(q, trouble); err != nil {
			r.m.fail(q, err)
			continue
		}
		stay = append(stay, q)
	}
	r.members = stay
}

// troubleOf is the first of the troubles that a query has: one that no retry mends,
// before one that may pass.
func troubleOf(q *query, trouble map[int64]error) (first error) {
	for _, id := range q.ids {
		if err := trouble[id]; err != nil && (first == nil || passes(first) && !passes(err)) {
			first = err
		}
	}
	return first
}

// ids returns what the members ask for, ascending, each once.
func (r *reading) ids() []int64 { return idsOf(r.members) }

func idsOf(members []*query) []int64 {
	if len(members) == 1 {
		return members[0].ids
	}
	var ids []int64
	for _, q := range members {
		ids = append(ids, q.ids...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (r *reading) holds(name string) bool { return slices.Contains(r.held, name) }

// missing returns those of ids that nothing we hold serves.
func (r *reading) missing(ids []int64) []int64 {
	chart := r.m.view.chart
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool {
		return slices.ContainsFunc(chart.Homes(id), func(i int) bool { return r.holds(chart.Registry()[i].Name) })
	})
}

// free frees everything, and ends the reading.
func (r *reading) free() {
	if r.stage >= freeingStage {
		return
	}
	r.stage = freeingStage
	r.pause(nil)
	r.reserve("")
	if r.inTurn {
		r.unlockInTurn()
		return
	}
	r.unlockAll(r.held, r.end)
}

func (r *reading) unlockInTurn() {
	if len(r.held) == 0 {
		r.end()
		return
	}
	r.unlock(r.held[0], r.unlockInTurn)
}

// end answers the members.
func (r *reading) end() {
	m := r.m
	r.stage = endedStage
	m.readings = slices.DeleteFunc(m.readings, func(other *reading) bool { return other == r })
	for _, q := range r.members {
		if err := troubleOf(q, r.fails); err != nil {
			m.fail(q, err)
		} else if r.lost != nil {
			m.fail(q, r.lost)
		} else if states := pick(q, r.states); states == nil {
			m.postpone(q, nil)
		} else {
			m.answer(q, states, nil)
		}
	}
	m.strategy.ended(r)
}

// pick takes a query's states out of a reading's, nil if one of them is not there.
func pick(q *query, states map[int64]string) map[int64]string {
	mine := make(map[int64]string, len(q.ids))
	for _, id := range q.ids {
		state, ok := states[id]
		if !ok {
			return nil
		}
		mine[id] = state
	}
	return mine
}

// reserve has other readings of ours wait for the endpoint until this one had it, instead
// of what it had reserved before.
func (r *reading) reserve(name string) {
	before := r.reserved
	r.reserved = name
	if before != name && before != "" && !r.holds(before) {
		r.m.release(before)
	}
	if name != "" {
		r.m.busy[name] = r
	}
}

// pause stops whatever the reading waits for, and waits for something else instead.
func (r *reading) pause(t *timer) {
	r.m.stop(r.turn)
	r.turn = t
}

// noted is what the members are told in the end, should they have to give up.
func (r *reading) noted(err error) {
	for _, q := range r.members {
		q.last = err
	}
}

// why says what kept us from a resource: the refusal of one of its homes, one that may
// pass if there is such.
func (r *reading) why(id int64) error {
	var reason error
	chart := r.m.view.chart
	for _, i := range chart.Homes(id) {
		name := chart.Registry()[i].Name
		err := r.refused[name]
		if owner := r.m.busy[name]; err == nil && (r.m.view.foreign[i] || r.m.doubts[name] != 0 || owner != nil && owner != r) {
			err = ErrAlreadyLocked
		}
		if err != nil && (reason == nil || !passes(reason) && passes(err)) {
			reason = fmt.Errorf("resource %d at '%s': %w", id, name, err)
		}
	}
	if reason == nil {
		reason = errGivenUp
	}
	return reason
}
