package syncquery

import "slices"

// newSearch lays out the search for a cover of wanted, which ascend, and returns the
// ids that no allowed endpoint serves.
func (c *Chart) newSearch(wanted []int64, cost []int64) (s *coverSearch, missing []int64) {
	allowed := func(place int) bool { return cost == nil || cost[place] >= 0 }
	column := make([]int, len(c.registry)) // of each endpoint: 1 when it is one, then its number
	order := make([]int, 0, len(wanted))   // of the rows: number of homes, and place among wanted
	total := 0
	for at, id := range wanted {
		n := 0
		for _, place := range c.Homes(id) {
			if allowed(place) {
				column[place] = 1
				n++
			}
		}
		if n == 0 {
			missing = append(missing, id)
			continue
		}
		order = append(order, n<<32|at)
		total += n
	}
	slices.Sort(order)
	s = &coverSearch{rows: len(order)}
	for place, is := range column {
		column[place] = s.columns
		s.columns += is
	}
	flat := s.allocate(total)
	for row, key := range order {
		for _, place := range c.Homes(wanted[key&(1<<32-1)]) {
			if !allowed(place) {
				continue
			}
			number := column[place]
			s.places[number], s.cost[number] = place, 1
			if cost != nil {
				s.cost[number] = cost[place]
			}
			flat = append(flat, number)
			s.open[row].add(number)
			s.serves[number].add(row)
			s.levels[0].open.add(number)
		}
		s.homes[row], flat = flat, flat[len(flat):]
		s.levels[0].rest.add(row)
	}
	return s, missing
}

// allocate makes room for everything in few pieces of memory, since a simulation
// searches for covers by the thousand. It returns room for the homes of all rows.
func (s *coverSearch) allocate(homes int) (room []int) {
	depth := min(s.rows, s.columns) + 1 // every level takes a column, for a row
	numbers := make([]int, 3*s.columns+homes)
	amounts := make([]int64, 2*s.columns)
	wide, tall := words(s.columns), words(s.rows)
	all := make([]uint64, s.rows*wide+s.columns*tall+(depth+1)*(wide+tall))
	sets := make([]bitset, s.rows+s.columns)
	next := func(words int) (some bitset) { some, all = all[:words:words], all[words:]; return some }

	s.places, numbers = numbers[:s.columns], numbers[s.columns:]
	s.taken, numbers = numbers[:0:s.columns], numbers[s.columns:]
	s.best, numbers = numbers[:0:s.columns], numbers[s.columns:]
	s.cost, s.slack = amounts[:s.columns], amounts[s.columns:]
	s.homes = make([][]int, s.rows)
	s.open, s.serves = sets[:s.rows], sets[s.rows:]
	for row := range s.open {
		s.open[row] = next(wide)
	}
	for column := range s.serves {
		s.serves[column] = next(tall)
	}
	s.levels = make([]coverLevel, depth+1)
	for i := range s.levels {
		s.levels[i] = coverLevel{rest: next(tall), open: next(wide)}
	}
	s.children = make([]coverWay, 0, 64)
	return numbers[:0]
}
