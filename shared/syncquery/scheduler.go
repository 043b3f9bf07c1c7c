package syncquery

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// scheduler answers each query by a reading of its own, at a smallest cover of its ids,
// and as many at once as have no endpoint in common.
type scheduler struct {
	*Machine
	looking bool
	looked  time.Duration // when the registry was asked for
	seen    time.Duration // when it came
	stale   bool          // somebody came later than it, and asks for what it doesn't list
}

// viewAge is how old a registry may be by which a query is planned. What it says wrongly
// the locks' answers correct.
const viewAge = time.Second

func (s *scheduler) dispatch() {
	if len(s.waiting) == 0 || s.looking {
		return
	}
	if s.rests() {
		return
	}
	if s.view.chart != nil && s.since(s.seen) <= viewAge && !s.stale {
		s.beginAll()
	}
	if len(s.waiting) > 0 {
		s.lookAndBegin()
	}
}

// lookAndBegin reads the registry, by which dispatch then begins.
func (s *scheduler) lookAndBegin() {
	s.looking = true
	asked := s.now
	s.look(func(err error) {
		s.clear(lost, func() {
			s.looking = false
			if err == nil {
				s.looked, s.seen, s.stale = asked, s.now, false
				return
			}
			s.failWaiting(err)
		})
	})
}

// beginAll begins a reading for everyone who can have one beside those that are on their
// way. The others wait until one of those ends. For who has waited for too long what it
// needs is kept free, or it would wait for ever: there is always somebody who needs only
// one of it.
func (s *scheduler) beginAll() {
	s.bringBack()
	var kept []string
	for _, q := range s.inOrder() {
		if err := s.unknown(q); err != nil {
			if q.came > s.looked { // perhaps the registry has changed
				s.stale = true
				continue
			}
			s.remove(func(other *query) bool { return other == q })
			s.answer(q, nil, err)
			continue
		}
		worst := s.standing(q)
		if worst == ours {
			s.remove(func(other *query) bool { return other == q })
			s.behind = append(s.behind, q)
			if len(kept) == 0 && s.since(q.came) > fairAfter {
				kept = s.keepFree(q)
			}
			continue
		}
		r := s.begin([]*query{q})
		if worst == foreign {
			r.patient = &patience{look: s.now}
			r.await()
			continue
		}
		r.lockAround()
	}
	for _, name := range kept {
		delete(s.busy, name)
	}
}

// bringBack has those looked at again, before anybody else, who have waited for too long.
func (s *scheduler) bringBack() {
	tooLong := func(q *query) bool { return s.since(q.came) > fairAfter }
	for _, q := range s.behind {
		if tooLong(q) {
			s.wait(q)
		}
	}
	s.behind = slices.DeleteFunc(s.behind, tooLong)
}

// fairAfter is how long a query lets others pass.
const fairAfter = time.Second

// keepFree keeps what a query needs from those who come after it, and returns what that
// is, apart from what is busy: nothing, if others have some of it, for nobody knows how
// long.
func (s *scheduler) keepFree(q *query) (kept []string) {
	chosen, _ := s.view.chart.Cover(q.ids, nil)
	registry := s.view.chart.Registry()
	if slices.ContainsFunc(chosen, func(i int) bool {
		r := s.busy[registry[i].Name]
		return r != nil && r.reserved == registry[i].Name
	}) {
		return nil
	}
	for _, i := range chosen {
		if name := registry[i].Name; s.busy[name] == nil {
			s.busy[name] = nobody
			kept = append(kept, name)
		}
	}
	return kept
}

// inOrder returns who waits: first those who have waited for too long, then those who need
// what most others need too, so that it is never idle, and then by their coming.
func (s *scheduler) inOrder() []*query {
	all := slices.Clone(s.waiting)
	chart := s.view.chart
	need := func(q *query) (most int64) {
		if s.since(q.came) > fairAfter {
			return math.MaxInt64
		}
		for _, id := range q.ids {
			if homes := chart.Homes(id); len(homes) == 1 {
				most = max(most, chart.Need()[homes[0]])
			}
		}
		return most
	}
	slices.SortStableFunc(all, func(a, b *query) int { return cmp.Compare(need(b), need(a)) })
	return all
}

func (s *scheduler) ended(*reading) { s.unblock() }
