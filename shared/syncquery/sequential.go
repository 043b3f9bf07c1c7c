package syncquery

import (
	"errors"
	"slices"
	"strings"
)

// sequential answers one query at a time: the registry once a query; for each id the
// first listed endpoint that serves it and isn't chosen yet; locks one after the other,
// keeping what it has while it waits. The strategy serial then reads each id once, one
// after the other; the baseline reads all at once, each id at every locked endpoint that
// serves it.
type sequential struct {
	*Machine
	baseline bool
	looking  bool
}

func (s *sequential) dispatch() {
	if len(s.waiting) == 0 || s.looking || len(s.readings) > 0 {
		return
	}
	q := s.waiting[0]
	s.looking = true
	s.look(func(err error) {
		s.clear(lost, func() {
			s.looking = false
			if s.queries[q.id] != nil { // else it was given up meanwhile
				s.start(q, err)
			}
		})
	})
}

// start answers a query by the registry that was just read.
func (s *sequential) start(q *query, err error) {
	s.remove(func(other *query) bool { return other == q })
	if err == nil {
		err = s.unknown(q)
	}
	if err != nil {
		s.fail(q, err)
		return
	}
	r := s.begin([]*query{q})
	r.inTurn = true
	r.lockInTurn(firstListed(s.view.chart, q.ids), s.baseline)
}

func (s *sequential) ended(*reading) {}

// firstListed chooses for each id the first listed endpoint that serves it and isn't
// chosen yet. It returns them by name: so clients that lock in this order, holding what
// they have while they wait, can't wait for each other.
func firstListed(chart *Chart, ids []int64) []string {
	var chosen []string
	for _, id := range ids {
		for _, i := range chart.Homes(id) {
			if name := chart.Registry()[i].Name; !slices.Contains(chosen, name) {
				chosen = append(chosen, name)
				break
			}
		}
	}
	slices.SortFunc(chosen, strings.Compare)
	return chosen
}

// lockInTurn locks the endpoints one after the other, each as soon as it is free, and
// then reads.
func (r *reading) lockInTurn(names []string, baseline bool) {
	switch {
	case len(r.members) == 0:
		r.free()
		return
	case len(names) == 0:
		r.readAll(baseline, !baseline)
		return
	}
	again := func() { r.lockInTurn(names, baseline) }
	r.lock(names[0], func(err error) {
		switch {
		case len(r.members) == 0: // lock frees
		case err == nil:
			r.lockInTurn(names[1:], baseline)
		case errors.Is(err, ErrAlreadyLocked), errors.Is(err, ErrNotDone), errors.Is(err, ErrAnswerLost):
			r.noted(err)
			r.m.clear(lost, func() { r.pause(r.m.after(r.m.pause(0), again)) })
		default:
			r.m.fail(r.members[0], err)
			r.members = nil
			r.free()
		}
	})
}
