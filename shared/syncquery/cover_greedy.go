package syncquery

import (
	"cmp"
	"math/bits"
	"slices"
)

// greedy finds a first cover: again and again the column with the least cost per row
// that it covers newly.
func (s *coverSearch) greedy() {
	rest, spent := s.level(1).rest, int64(0)
	copy(rest, s.level(0).rest)
	for column := range s.columns {
		s.ways = append(s.ways, coverWay{column: column})
	}
	for !rest.empty() {
		var best coverWay
		useful := s.ways[:0]
		for _, way := range s.ways {
			if way.gain = s.serves(way.column).shared(rest); way.gain == 0 {
				continue
			}
			if useful = append(useful, way); best.gain == 0 || s.prefer(way, best) < 0 {
				best = way
			}
		}
		s.ways, s.taken = useful, append(s.taken, best.column)
		spent += s.cost[best.column]
		rest.without(s.serves(best.column))
	}
	s.record(spent)
	s.ways, s.taken = s.ways[:0], s.taken[:0]
}

// prefer compares columns by their cost per row that they cover newly, exactly.
func (s *coverSearch) prefer(a, b coverWay) int {
	ahi, alo := bits.Mul64(uint64(s.cost[a.column]), uint64(b.gain)) //nolint:gosec // neither is negative
	bhi, blo := bits.Mul64(uint64(s.cost[b.column]), uint64(a.gain)) //nolint:gosec // neither is negative
	if c := cmp.Compare(ahi, bhi); c != 0 {
		return c
	}
	if c := cmp.Compare(alo, blo); c != 0 {
		return c
	}
	return cmp.Compare(a.column, b.column)
}

// record makes what is taken the best cover, if it is, without what is superfluous in
// it, the most expensive first.
func (s *coverSearch) record(spent int64) {
	if spent >= s.bestCost {
		return
	}
	s.best, s.bestCost = append(s.best[:0], s.taken...), spent
	slices.SortFunc(s.best, func(a, b int) int { return cmp.Or(cmp.Compare(s.cost[b], s.cost[a]), cmp.Compare(a, b)) })
	for i := 0; i < len(s.best); {
		if column := s.best[i]; s.superfluous(column) {
			s.best = slices.Delete(s.best, i, i+1)
			s.bestCost -= s.cost[column]
		} else {
			i++
		}
	}
}

// superfluous says whether the others in best cover all that the column does.
func (s *coverSearch) superfluous(column int) bool {
	for i, alone := range s.serves(column) {
		for _, other := range s.best {
			if other != column {
				alone &^= s.serves(other)[i]
			}
		}
		if alone != 0 {
			return false
		}
	}
	return true
}
