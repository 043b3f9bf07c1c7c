package syncquery

import "slices"

// coverProblem is what a search for a cover is about. Its rows are the ids that are to
// be covered, those with the fewest homes first; its columns are the endpoints that may
// be used and serve any of them, in the registry's order. It takes few and small pieces
// of memory, since a simulation solves such problems by the thousand.
type coverProblem struct {
	rows, columns int
	tall, wide    int      // words of a set of rows, and of columns
	serve         []uint64 // of each column: the set of its rows
	open          []uint64 // of each row: the set of its columns
	homes         []int    // of each row: its columns, one after the other
	first         []int    // of each row: where its homes begin; and where the last ones end
	places        []int    // of each column: its endpoint
	cost          []int64  // of each column
}

// serves returns the rows that the column serves.
func (p *coverProblem) serves(column int) bitset {
	return p.serve[column*p.tall : (column+1)*p.tall]
}

// homesOf returns the columns that serve the row.
func (p *coverProblem) homesOf(row int) bitset { return p.open[row*p.wide : (row+1)*p.wide] }

// listOf returns the columns that serve the row, one after the other.
func (p *coverProblem) listOf(row int) []int { return p.homes[p.first[row]:p.first[row+1]] }

// problem lays out the cover of wanted, which ascend, and returns the ids that no
// allowed endpoint serves.
func (c *Chart) problem(wanted []int64, cost []int64) (p coverProblem, missing []int64) {
	allowed := func(place int) bool { return cost == nil || cost[place] >= 0 }
	used := make([]int, len(c.registry))  // by endpoint: 1 for a column, then its number
	rows := make([]int64, 0, len(wanted)) // the number of homes, and the place in the chart
	all := 0
	for _, id := range wanted {
		n := 0
		for _, place := range c.Homes(id) {
			if allowed(place) {
				used[place] = 1
				n++
			}
		}
		if n == 0 {
			missing = append(missing, id)
			continue
		}
		rows = append(rows, int64(n)<<32|int64(c.row(id)))
		all += n
	}
	slices.Sort(rows)
	p.allocate(used, len(rows), all)
	for column, place := range p.places {
		if used[place] = column; cost != nil {
			p.cost[column] = cost[place]
		}
	}
	for row, key := range rows {
		for _, place := range c.homes[key&(1<<32-1)] {
			if allowed(place) {
				p.homes = append(p.homes, used[place])
				p.homesOf(row).add(used[place])
				p.serves(used[place]).add(row)
			}
		}
		p.first = append(p.first, len(p.homes))
	}
	return p, missing
}

// allocate makes room for the rows, which have so many homes together, and for the
// columns, at a cost of 1 each.
func (p *coverProblem) allocate(used []int, rows, homes int) {
	p.rows = rows
	for _, one := range used {
		p.columns += one
	}
	p.tall, p.wide = words(rows), words(p.columns)
	sets := make([]uint64, p.columns*p.tall+rows*p.wide)
	p.serve, p.open = sets[:p.columns*p.tall], sets[p.columns*p.tall:]
	numbers := make([]int, p.columns+homes+rows+1)
	p.places, numbers = numbers[:0:p.columns], numbers[p.columns:]
	p.homes, p.first = numbers[:0:homes], numbers[homes:homes+1]
	p.cost = make([]int64, p.columns)
	for place, one := range used {
		if one == 1 {
			p.cost[len(p.places)] = 1
			p.places = append(p.places, place)
		}
	}
}
