package plot

import (
	"cmp"
	"slices"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

// span is a stretch of time, in nanoseconds since the run began.
type span struct{ start, end int64 }

// block is the time in which a reading held an endpoint.
type block struct {
	span
	colour int
}

// row is what happened at an endpoint.
type row struct {
	name   string
	blocks []block
	waits  []span  // of all readings, one after the other and apart
	lost   []int64 // when the answer to a lock or an unlock was lost

	held    bool
	doubted bool // the answer was lost that would have told: freed, or not even locked
	hold    block
	reading int32
	waiting map[int32]span // by reading, until its last try
}

// run is a trace as it is drawn.
type run struct {
	rows    []row // of the endpoints that were locked, in the order of the trace
	clients []uint16
	crashes []int64
	end     int64
}

// runOf takes a trace apart.
func runOf(t *sim.Trace, report sim.Report) run {
	r := run{clients: slices.Compact(slices.Sorted(slices.Values(t.Client))), end: max(1, nanoseconds(report.Makespan))}
	all := make([]row, len(t.Endpoints))
	for i, name := range t.Endpoints {
		all[i] = row{name: name, waiting: map[int32]span{}}
	}
	for i, at := range t.At {
		r.end = max(r.end, at)
		kind := syncquery.HappeningKind(t.Kind[i])
		if kind == syncquery.Crashed {
			r.crashes = append(r.crashes, at)
		}
		if t.Endpoint[i] < 0 {
			continue
		}
		colour := max(0, int(t.Reading[i]))
		if len(r.clients) > 1 {
			colour = int(t.Client[i])
		}
		all[t.Endpoint[i]].take(kind, at, t.Reading[i], colour%colours)
	}
	for i := range all {
		all[i].finish(r.end, isLeft(all[i].name, report))
		if len(all[i].blocks)+len(all[i].lost) > 0 {
			r.rows = append(r.rows, all[i])
		}
	}
	return r
}

// isLeft says whether an endpoint was left locked, as far as the report knows.
func isLeft(name string, report sim.Report) bool {
	if report.Facts != nil {
		return slices.Contains(report.LocksLeft, name)
	}
	return slices.Contains(report.PossiblyLocked, name)
}

// take takes in an event.
func (r *row) take(kind syncquery.HappeningKind, at int64, reading int32, colour int) {
	switch kind {
	case syncquery.Locking, syncquery.Refused:
		r.wait(reading, at)
	case syncquery.Locked:
		r.free(at) // of whoever freed it and has not heard so yet, or never did
		r.held, r.doubted, r.reading = true, false, reading
		r.hold = block{span{at, at}, colour}
		if w, ok := r.waiting[reading]; ok { // our server's locks are not asked for one by one
			r.waited(reading, span{w.start, at})
		}
	case syncquery.AnswerLost:
		r.lost = append(r.lost, at)
		r.doubt(at, reading, colour)
	case syncquery.Unlocked:
		if reading == r.reading || r.doubted && reading < 0 { // of none: what was in doubt is cleared
			r.free(at)
		}
	}
}

func (r *row) wait(reading int32, at int64) {
	w, ok := r.waiting[reading]
	if !ok {
		w.start = at
	}
	r.waiting[reading] = span{w.start, at}
}

// waited ends a wait. One that ended with its first try was none.
func (r *row) waited(reading int32, w span) {
	delete(r.waiting, reading)
	if w.end > w.start {
		r.waits = append(r.waits, w)
	}
}

// doubt takes in that the answer was lost to an unlock, or to a lock that was free.
func (r *row) doubt(at int64, reading int32, colour int) {
	switch {
	case !r.held:
		r.held, r.doubted, r.reading = true, true, reading
		r.hold = block{span{at, at}, colour}
	case reading == r.reading:
		r.doubted = true
		r.hold.end = at
	}
}

// free ends who holds the endpoint. What is in doubt has ended where the doubt began.
func (r *row) free(at int64) {
	if !r.held {
		return
	}
	r.held = false
	if !r.doubted {
		r.hold.end = at
	}
	if !r.doubted || r.hold.end > r.hold.start {
		r.blocks = append(r.blocks, r.hold)
	}
}

// finish ends the row: who still holds the endpoint does so until the end; in doubt, if
// it was left locked.
func (r *row) finish(end int64, left bool) {
	if left {
		r.doubted = false
	}
	r.free(end)
	for reading, w := range r.waiting {
		r.waited(reading, w)
	}
	r.waits = united(r.waits)
}

// united returns the time that is in any of the spans, as spans that are apart.
func united(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	var apart []span
	for _, s := range spans {
		if last := len(apart) - 1; last >= 0 && s.start <= apart[last].end {
			apart[last].end = max(apart[last].end, s.end)
		} else {
			apart = append(apart, s)
		}
	}
	return apart
}
