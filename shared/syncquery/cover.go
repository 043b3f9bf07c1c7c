package syncquery

import (
	"cmp"
	"slices"
	"strings"
)

// Cover chooses few of the endpoints that together serve all of ids that any of
// them serves, and returns them by name with the ids that none does. It serves the
// id with the fewest homes first, by the home that serves most of what remains;
// then it drops what others have made superfluous. The result is small, not
// always the smallest.
func Cover(endpoints []Endpoint, ids []int64) (chosen []Endpoint, homeless []int64) {
	homes := map[int64][]Endpoint{}
	for _, e := range endpoints {
		for _, id := range e.Resources {
			homes[id] = append(homes[id], e)
		}
	}
	remaining := slices.Clone(ids)
	for len(remaining) > 0 {
		rarest := slices.MinFunc(remaining, func(a, b int64) int {
			return cmp.Or(cmp.Compare(len(homes[a]), len(homes[b])), cmp.Compare(a, b))
		})
		if len(homes[rarest]) == 0 {
			homeless = append(homeless, rarest)
			remaining = slices.DeleteFunc(remaining, func(id int64) bool { return id == rarest })
			continue
		}
		best := slices.MaxFunc(homes[rarest], func(a, b Endpoint) int {
			return cmp.Or(cmp.Compare(served(a, remaining), served(b, remaining)), cmp.Compare(b.Name, a.Name))
		})
		chosen = append(chosen, best)
		remaining = slices.DeleteFunc(remaining, best.Serves)
	}
	chosen = withoutSuperfluous(chosen, ids)
	slices.SortFunc(chosen, func(a, b Endpoint) int { return strings.Compare(a.Name, b.Name) })
	return chosen, homeless
}

// served counts the ids that e serves.
func served(e Endpoint, ids []int64) (n int) {
	for _, id := range ids {
		if e.Serves(id) {
			n++
		}
	}
	return n
}

// withoutSuperfluous drops each endpoint whose ids the others serve too.
func withoutSuperfluous(chosen []Endpoint, ids []int64) []Endpoint {
	for i := 0; i < len(chosen); {
		others := slices.Delete(slices.Clone(chosen), i, i+1)
		needed := slices.ContainsFunc(ids, func(id int64) bool {
			return chosen[i].Serves(id) && !slices.ContainsFunc(others, func(e Endpoint) bool { return e.Serves(id) })
		})
		if needed {
			i++
		} else {
			chosen = others
		}
	}
	return chosen
}

// CoverAround is Cover by endpoints that are not to be avoided; only what those don't
// serve is covered by the others. Homeless is what nobody serves.
func CoverAround(candidates []Endpoint, ids []int64, avoid func(Endpoint) bool) (chosen []Endpoint, homeless []int64) {
	free := slices.DeleteFunc(slices.Clone(candidates), avoid)
	chosen, missing := Cover(free, ids)
	if len(missing) == 0 {
		return chosen, nil
	}
	more, homeless := Cover(candidates, missing)
	return append(chosen, more...), homeless
}
