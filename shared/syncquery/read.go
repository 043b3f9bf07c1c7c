package syncquery

import (
	"context"
	"errors"
	"fmt"
)

// read is the reading of one resource at one endpoint.
type read struct {
	endpoint string
	resource int64
	call     int
	tries    int
}

// readTries is how often a resource is read while nothing comes back: reading has no
// effect, so it can be repeated.
const readTries = 4

// readAll reads everything that the members ask for at what we hold: each resource once,
// or at every endpoint that serves it; all at once, or one after the other. Then it frees.
func (r *reading) readAll(everywhere, inTurn bool) {
	r.stage, r.states, r.fails = readingStage, map[int64]string{}, map[int64]error{}
	chart := r.m.view.chart
	for _, id := range r.ids() {
		for _, i := range chart.Homes(id) {
			if name := chart.Registry()[i].Name; r.holds(name) {
				r.reads = append(r.reads, &read{endpoint: name, resource: id})
				if !everywhere {
					break
				}
			}
		}
	}
	r.open = len(r.reads)
	if inTurn {
		r.readNext(0)
		return
	}
	for _, one := range r.reads {
		r.read(one, r.oneRead)
	}
	r.freeIfRead()
}

func (r *reading) readNext(i int) {
	if i == len(r.reads) || len(r.members) == 0 {
		r.free()
		return
	}
	r.read(r.reads[i], func() { r.readNext(i + 1) })
}

func (r *reading) oneRead() {
	r.open--
	r.freeIfRead()
}

func (r *reading) freeIfRead() {
	if r.open == 0 {
		r.free()
	}
}

// read reads a resource. One whose reading hung is not read again, now or in a next
// round: while it hangs, everything stays locked, and everybody waits.
func (r *reading) read(one *read, then func()) {
	m := r.m
	m.happens(Happening{Kind: Reading, Reading: r.number, Endpoint: one.endpoint, Resource: one.resource})
	one.call = m.call(Command{Does: CallRead, Endpoint: one.endpoint, Resource: one.resource, Timeout: m.options.readTimeout()}, func(result Result) {
		err := result.Err
		one.tries++
		switch {
		case err == nil:
			m.happens(Happening{Kind: StateRead, Reading: r.number, Endpoint: one.endpoint, Resource: one.resource})
			r.states[one.resource] = result.State
		case len(r.members) == 0: // it was broken off, or nobody cares
		case errors.Is(err, context.DeadlineExceeded):
			r.fail(one, fmt.Errorf("no answer within %s", m.options.readTimeout()))
		case (errors.Is(err, ErrNotDone) || errors.Is(err, ErrAnswerLost)) && one.tries < readTries:
			r.read(one, then)
			return
		default:
			r.fail(one, err)
		}
		then()
	})
}

func (r *reading) fail(one *read, err error) {
	r.fails[one.resource] = fmt.Errorf("resource %d at '%s': %w", one.resource, one.endpoint, err)
}
