package syncquery

import (
	"cmp"
	"slices"
)

// needOfAnID is what an id adds to the need of its homes together. It has every
// divisor up to 8, so that small numbers of homes share it without a rest.
const needOfAnID = 840

// Chart is a registry prepared for planning. It is immutable and safe for concurrent
// use.
type Chart struct {
	registry Registry
	index    map[string]int
	ids      []int64 // that are served, ascending
	homes    [][]int // of each of ids
	need     []int64
	order    []int
}

// NewChart prepares the registry, which must not be changed any more.
func NewChart(registry Registry) *Chart {
	c := &Chart{registry: registry, index: make(map[string]int, len(registry)), ids: registry.Served()}
	for i, e := range registry {
		if _, ok := c.index[e.Name]; !ok {
			c.index[e.Name] = i
		}
	}
	c.findHomes()
	c.weigh()
	return c
}

func (c *Chart) findHomes() {
	c.homes = make([][]int, len(c.ids))
	all := 0
	for _, e := range c.registry {
		all += len(e.Resources)
	}
	count := make([]int, len(c.ids))
	rows := make([]int, 0, all) // of all resources, in the registry's order
	for _, e := range c.registry {
		for _, id := range e.Resources {
			row, _ := slices.BinarySearch(c.ids, id)
			rows = append(rows, row)
			count[row]++
		}
	}
	room := make([]int, all)
	for row, n := range count {
		c.homes[row], room = room[:0:n], room[n:]
	}
	for i, e := range c.registry {
		for _, row := range rows[:len(e.Resources)] {
			if homes := c.homes[row]; len(homes) == 0 || homes[len(homes)-1] != i { // an endpoint may list an id twice
				c.homes[row] = append(homes, i)
			}
		}
		rows = rows[len(e.Resources):]
	}
}

// weigh finds what the endpoints are needed for, and their order.
func (c *Chart) weigh() {
	c.need = make([]int64, len(c.registry))
	only := make([]int, len(c.registry)) // the ids that are served nowhere else
	for _, homes := range c.homes {
		for _, i := range homes {
			c.need[i] += needOfAnID / int64(len(homes))
		}
		if len(homes) == 1 {
			only[homes[0]]++
		}
	}
	c.order = make([]int, len(c.registry))
	for i := range c.order {
		c.order[i] = i
	}
	slices.SortStableFunc(c.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(only[b], only[a]), cmp.Compare(c.need[b], c.need[a]), cmp.Compare(c.registry[a].Name, c.registry[b].Name))
	})
}

// Registry returns the registry, which is not to be changed.
func (c *Chart) Registry() Registry { return c.registry }

// Index returns the place of an endpoint in the registry's order, -1 if there is none
// of that name.
func (c *Chart) Index(name string) int {
	if i, ok := c.index[name]; ok {
		return i
	}
	return -1
}

// Homes returns the endpoints that serve the id, ascending, nil if none does. It is not
// to be changed.
func (c *Chart) Homes(id int64) []int {
	if row := c.row(id); row >= 0 {
		return c.homes[row]
	}
	return nil
}

// row returns the place of the id among those that are served, -1 if it is not.
func (c *Chart) row(id int64) int {
	if row, ok := slices.BinarySearch(c.ids, id); ok {
		return row
	}
	return -1
}

// Need returns how much others need each endpoint: every id that it serves adds 840,
// divided by the number of the id's homes and rounded down. It is not to be changed.
func (c *Chart) Need() []int64 { return c.need }

// Order returns all endpoints, rarest first: who is the only home of more ids comes
// first, then who is needed more, then by name. It is the same for every client that
// sees the same resources, whatever the listed order or the locks, so that clients that
// lock in it never wait for each other in a circle. It is not to be changed.
func (c *Chart) Order() []int { return c.order }

// Cover returns the set of endpoints with the least sum of costs that serves all of ids
// that any allowed endpoint serves, ascending, and the ids that none does, ascending.
// Costs are by endpoint; one below zero means that the endpoint is not to be used, and
// cost nil stands for 1 each. The costs of any len(ids) endpoints must add up to less than 2^63.
//
// The set has no superfluous endpoint, and is the same for the same ids in whatever
// order and number. It is the least one unless the search for it takes more than
// maxCoverNodes nodes; then it is the best one found, and never worse than greedy.
func (c *Chart) Cover(ids []int64, cost []int64) (chosen []int, missing []int64) {
	wanted := ids
	if !strictlyAscending(ids) {
		wanted = slices.Clone(ids)
		slices.Sort(wanted)
		wanted = slices.Compact(wanted)
	}
	p, missing := c.problem(wanted, cost)
	return p.solve(), missing
}

func strictlyAscending(ids []int64) bool {
	for i := 1; i < len(ids); i++ {
		if ids[i-1] >= ids[i] {
			return false
		}
	}
	return true
}

// CoverAround covers ids by few of the candidates, and by as few as possible of those
// that are to be avoided; among such covers it chooses the one that others need least.
// Homeless is what nobody serves.
func CoverAround(candidates []Endpoint, ids []int64, avoid func(Endpoint) bool) (chosen []Endpoint, homeless []int64) {
	c := NewChart(candidates)
	// No cover has more endpoints than ids. So one endpoint more outweighs all need
	// that there is, and one avoided more outweighs any number of others.
	one := int64(1)
	for _, need := range c.need {
		one += need
	}
	cost := slices.Clone(c.need)
	for i, e := range candidates {
		cost[i] += one
		if avoid(e) {
			cost[i] += one * int64(len(ids)+1)
		}
	}
	places, homeless := c.Cover(ids, cost)
	for _, i := range places {
		chosen = append(chosen, candidates[i])
	}
	return chosen, homeless
}
