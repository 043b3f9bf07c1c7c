package syncquery

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// maxCoverNodes bounds the search for a cover.
const maxCoverNodes = 1000

// coverSearch looks for the cheapest cover by branch and bound. Its rows are the ids that
// are to be covered, those with the fewest homes first; its columns are the endpoints
// that may be used and serve any of them, in the registry's order.
type coverSearch struct {
	rows, columns int
	places        []int    // of each column: its endpoint
	cost          []int64  // of each column
	homes         [][]int  // of each row: its columns
	open          []bitset // of each row: the same as a set
	serves        []bitset // of each column: its rows

	levels   []coverLevel // what is left at each depth of the search
	taken    []int        // columns, on the way to the present node
	children []coverWay   // that are still to be tried, of all nodes on the way
	slack    []int64      // of each column: what is left of its cost once the rows have paid the bound
	nodes    int

	best     []int // columns
	bestCost int64
}

// coverLevel is what is left of the problem at one depth.
type coverLevel struct {
	rest bitset // rows that are still to be covered
	open bitset // columns that may still be taken
}

// coverWay is a way on from a node.
type coverWay struct {
	column int
	gain   int // rows that it covers newly
}

// run returns the places of the best cover, ascending.
func (s *coverSearch) run() (chosen []int) {
	if s.rows == 0 {
		return nil
	}
	s.bestCost = math.MaxInt64
	s.greedy()
	s.descend(0, 0)
	for _, column := range s.best {
		chosen = append(chosen, s.places[column])
	}
	slices.Sort(chosen)
	return chosen
}

// greedy finds a first cover: again and again the column with the least cost per row
// that it covers newly.
func (s *coverSearch) greedy() {
	rest, spent := s.levels[1].rest, int64(0)
	copy(rest, s.levels[0].rest)
	for !rest.empty() {
		var best coverWay
		for column := range s.columns {
			next := coverWay{column, s.serves[column].shared(rest)}
			if next.gain > 0 && (best.gain == 0 || s.prefer(next, best) < 0) {
				best = next
			}
		}
		s.taken = append(s.taken, best.column)
		spent += s.cost[best.column]
		rest.without(s.serves[best.column])
	}
	s.record(spent)
	s.taken = s.taken[:0]
}

// prefer compares columns by their cost per row that they cover newly, exactly.
func (s *coverSearch) prefer(a, b coverWay) int {
	ahi, alo := bits.Mul64(uint64(s.cost[a.column]), uint64(b.gain))
	bhi, blo := bits.Mul64(uint64(s.cost[b.column]), uint64(a.gain))
	return cmp.Or(cmp.Compare(ahi, bhi), cmp.Compare(alo, blo), cmp.Compare(a.column, b.column))
}

// record makes what is taken the best cover, without what is superfluous in it, the
// most expensive first.
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
	for row := range s.serves[column].and(s.serves[column]) {
		if !slices.ContainsFunc(s.best, func(other int) bool { return other != column && s.serves[other].has(row) }) {
			return false
		}
	}
	return true
}

// descend looks for cheaper covers in what is left at this depth.
func (s *coverSearch) descend(depth int, spent int64) {
	if s.nodes++; s.nodes > maxCoverNodes {
		return
	}
	l, taken, children := s.levels[depth], len(s.taken), len(s.children)
	defer func() { s.taken, s.children = s.taken[:taken], s.children[:children] }()
	for again := true; again; {
		forced, ok := s.force(l)
		spent += forced
		if !ok {
			return
		}
		if l.rest.empty() {
			s.record(spent)
			return
		}
		bound := s.bound(l)
		if spent+bound >= s.bestCost {
			return
		}
		again = s.close(l, s.bestCost-spent-bound)
	}
	for column := range s.open[s.branchRow(l)].and(l.open) {
		s.children = append(s.children, coverWay{column, s.serves[column].shared(l.rest)})
	}
	ways, next := s.children[children:], s.levels[depth+1]
	slices.SortFunc(ways, s.prefer)
	for _, way := range ways {
		l.open.drop(way.column) // whoever comes after this child has not taken it
		copy(next.rest, l.rest)
		copy(next.open, l.open)
		next.rest.without(s.serves[way.column])
		s.taken = append(s.taken, way.column)
		s.descend(depth+1, spent+s.cost[way.column])
		s.taken = s.taken[:len(s.taken)-1]
	}
}

// force takes the open columns that are the only home of a row. It is not ok when a
// row has none.
func (s *coverSearch) force(l coverLevel) (spent int64, ok bool) {
	for row := range l.rest.and(l.rest) {
		if !l.rest.has(row) {
			continue // a column that was forced before covers it
		}
		switch s.open[row].shared(l.open) {
		case 0:
			return spent, false
		case 1:
			for _, column := range s.homes[row] {
				if l.open.has(column) {
					l.open.drop(column)
					l.rest.without(s.serves[column])
					s.taken = append(s.taken, column)
					spent += s.cost[column]
				}
			}
		}
	}
	return spent, true
}

// bound returns what it costs at least to cover the rest: by dual ascent, every row
// in turn pays as much as each of its open columns has left of its cost.
func (s *coverSearch) bound(l coverLevel) (sum int64) {
	copy(s.slack, s.cost)
	for row := range l.rest.and(l.rest) {
		least := int64(math.MaxInt64)
		for _, column := range s.homes[row] {
			if l.open.has(column) {
				least = min(least, s.slack[column])
			}
		}
		sum += least
		for _, column := range s.homes[row] {
			s.slack[column] -= least
		}
	}
	return sum
}

// close closes the columns with which no cover is cheaper than the best: those that
// have so much slack that taking them uses up the room above the bound.
func (s *coverSearch) close(l coverLevel, room int64) (closed bool) {
	for column := range l.open.and(l.open) {
		if s.slack[column] >= room {
			l.open.drop(column)
			closed = true
		}
	}
	return closed
}

// branchRow returns the row with the fewest open columns: every cover has one of them.
func (s *coverSearch) branchRow(l coverLevel) (branch int) {
	fewest := s.columns + 1
	for row := range l.rest.and(l.rest) {
		if n := s.open[row].shared(l.open); n < fewest {
			branch, fewest = row, n
		}
	}
	return branch
}
