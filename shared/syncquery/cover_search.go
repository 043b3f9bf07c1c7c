package syncquery

import (
	"math"
	"slices"
)

// maxCoverNodes bounds the search for a cover, in nodes of its tree. 50 endpoints and 50
// ids need less than 200; 200 endpoints and 300 ids would need millions, and take a few
// milliseconds so.
const maxCoverNodes = 1000

// coverSearch looks for the cheapest cover by branch and bound, with bounds by dual
// ascent (Fisher and Kedia, "Optimal Solution of Set Covering/Partitioning Problems
// Using Dual Heuristics", Management Science 36, 1990).
type coverSearch struct {
	coverProblem
	nodes  int
	levels []coverLevel // what is left, by the depth of the search
	taken  []int        // columns, on the way to the present node
	ways   []coverWay   // that are still to be tried, of all nodes on the way
	rarity [3]bitset    // the rows of the present node with two open columns, with three, and with more
	slack  []int64      // of each column: what the rows have left of its cost

	best     []int // columns
	bestCost int64
}

// coverLevel is what is left of the problem at one depth.
type coverLevel struct {
	rest bitset // rows that are still to be covered
	open bitset // columns that may still be taken
}

// coverWay is a column that may be taken next.
type coverWay struct {
	column int
	gain   int // rows that it covers newly
}

// solve returns the endpoints of the best cover, ascending.
func (p coverProblem) solve() (chosen []int) {
	if p.rows == 0 {
		return nil
	}
	s := newCoverSearch(p)
	s.greedy()
	s.descend(0, 0)
	chosen = s.best
	for i, column := range chosen {
		chosen[i] = p.places[column]
	}
	slices.Sort(chosen)
	return chosen
}

func newCoverSearch(p coverProblem) *coverSearch {
	s := &coverSearch{coverProblem: p, bestCost: math.MaxInt64}
	columns := make([]int, 2*p.columns)
	s.taken, s.best = columns[:0:p.columns], columns[p.columns:][:0]
	s.ways, s.slack = make([]coverWay, 0, p.columns), make([]int64, p.columns)
	rows := make([]uint64, len(s.rarity)*p.tall)
	for i := range s.rarity {
		s.rarity[i] = rows[i*p.tall : (i+1)*p.tall]
	}
	root := s.level(0)
	for row := range p.rows {
		root.rest.add(row)
	}
	for column := range p.columns {
		root.open.add(column)
	}
	return s
}

// level returns what is left at the depth. Few searches go deep.
func (s *coverSearch) level(depth int) coverLevel {
	const more = 8
	if depth == len(s.levels) {
		all := make([]uint64, more*(s.tall+s.wide))
		for range more {
			s.levels = append(s.levels, coverLevel{all[:s.tall:s.tall], all[s.tall : s.tall+s.wide]})
			all = all[s.tall+s.wide:]
		}
	}
	return s.levels[depth]
}

// descend looks for cheaper covers in what is left at this depth.
func (s *coverSearch) descend(depth int, spent int64) {
	if s.nodes++; s.nodes > maxCoverNodes {
		return
	}
	taken, ways := len(s.taken), len(s.ways)
	l := s.level(depth)
	if more, ok := s.narrow(l, spent); ok {
		s.branch(depth, spent+more)
	}
	s.taken, s.ways = s.taken[:taken], s.ways[:ways]
}

// narrow takes and closes columns until little more follows from what is left and the
// best cover, and returns what that costs. It is not ok when no cheaper cover is left.
func (s *coverSearch) narrow(l coverLevel, spent int64) (cost int64, ok bool) {
	for first := true; ; first = false {
		taken := len(s.taken)
		forced, ok := s.force(l)
		cost += forced
		room := s.bestCost - spent - cost
		if !ok || room <= 0 {
			return cost, false
		}
		if l.rest.empty() {
			s.record(spent + cost)
			return cost, false
		}
		if !first && len(s.taken) == taken {
			return cost, true // other bounds would hardly be better
		}
		closed := false
		for _, backwards := range [...]bool{false, true} {
			bound := s.bound(l, room, backwards)
			if bound >= room {
				return cost, false
			}
			closed = s.close(l, room-bound) || closed
		}
		if !closed {
			return cost, true
		}
	}
}

// force takes the open columns that are the only home of a row. It is not ok when a
// row has none.
func (s *coverSearch) force(l coverLevel) (cost int64, ok bool) {
	for _, rows := range s.rarity {
		clear(rows)
	}
	for row := range l.rest.and(l.rest) {
		if !l.rest.has(row) {
			continue // a column that was forced before covers it
		}
		homes := s.homesOf(row)
		switch n := homes.shared(l.open); n {
		default:
			s.rarity[min(n-2, len(s.rarity)-1)].add(row)
		case 0:
			return cost, false
		case 1:
			column := homes.least(l.open)
			s.taken = append(s.taken, column)
			cost += s.cost[column]
			l.open.drop(column)
			l.rest.without(s.serves(column))
		}
	}
	return cost, true
}

// bound returns what it costs at least to cover the rest: by dual ascent, every row in
// turn pays as much as each of its open columns has left of its cost. It stops at the
// room. The rows with the fewest open columns come first, and among them the first or
// the last ones: one order often shows what the other does not.
func (s *coverSearch) bound(l coverLevel, room int64, backwards bool) (sum int64) {
	for column := range s.slack {
		s.slack[column] = math.MaxInt64 // of those that are closed
	}
	for column := range l.open.and(l.open) {
		s.slack[column] = s.cost[column]
	}
	for _, rows := range s.rarity {
		if backwards {
			for row := range rows.back(l.rest) {
				if sum += s.pay(row, room-sum); sum == room {
					return room
				}
			}
			continue
		}
		for row := range rows.and(l.rest) {
			if sum += s.pay(row, room-sum); sum == room {
				return room
			}
		}
	}
	return sum
}

// pay lets the row pay what it can, up to the limit, and returns how much that is.
func (s *coverSearch) pay(row int, limit int64) int64 {
	homes, least := s.listOf(row), limit // also when all of them were closed
	for _, column := range homes {
		least = min(least, s.slack[column])
	}
	if least > 0 {
		for _, column := range homes {
			s.slack[column] -= least
		}
	}
	return least
}

// close closes the columns with which no cover is cheaper than the best: their slack
// alone uses up the room above the bound.
func (s *coverSearch) close(l coverLevel, room int64) (closed bool) {
	for column := range l.open.and(l.open) {
		if s.slack[column] >= room {
			l.open.drop(column)
			closed = true
		}
	}
	return closed
}

// branch tries the homes of a row that has few left: every cover has one of them.
func (s *coverSearch) branch(depth int, spent int64) {
	l, next := s.level(depth), s.level(depth+1)
	begin := len(s.ways)
	for column := range s.homesOf(s.rarest(l)).and(l.open) {
		s.ways = append(s.ways, coverWay{column, s.serves(column).shared(l.rest)})
	}
	ways := s.ways[begin:]
	slices.SortFunc(ways, s.prefer)
	for i, way := range ways {
		l.open.drop(way.column) // who comes later has not taken it
		if s.outdone(way, ways[:i], l.rest) {
			continue
		}
		copy(next.rest, l.rest)
		copy(next.open, l.open)
		next.rest.without(s.serves(way.column))
		s.taken = append(s.taken, way.column)
		s.descend(depth+1, spent+s.cost[way.column])
		s.taken = s.taken[:len(s.taken)-1]
	}
}

// outdone says whether one of the ways before covers as much of the rest at no higher
// cost.
func (s *coverSearch) outdone(way coverWay, before []coverWay, rest bitset) bool {
	return slices.ContainsFunc(before, func(b coverWay) bool {
		return s.cost[b.column] <= s.cost[way.column] && s.serves(way.column).within(s.serves(b.column), rest)
	})
}

// rarest returns a row with two open columns, or else with three, or else with more.
func (s *coverSearch) rarest(l coverLevel) int {
	for _, rows := range s.rarity {
		if row := rows.least(l.rest); row >= 0 {
			return row
		}
	}
	return -1
}
