package syncquery_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/shared/syncquery"
)

// anyRegistry draws a registry of up to 12 endpoints and 20 ids.
func anyRegistry(t *rapid.T) syncquery.Registry {
	sets := rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(0, 19), 0, 10), 0, 12).Draw(t, "endpoints")
	registry := make(syncquery.Registry, len(sets))
	for i, ids := range sets {
		registry[i] = syncquery.Endpoint{Name: strconv.Itoa(i), Resources: ids}
	}
	return registry
}

// randomRegistry makes a registry in which an endpoint serves an id with the chance.
func randomRegistry(rng *rand.Rand, endpoints, ids int, chance float64) syncquery.Registry {
	registry := make(syncquery.Registry, endpoints)
	for i := range registry {
		registry[i].Name = strconv.Itoa(i)
		for id := range ids {
			if rng.Float64() < chance {
				registry[i].Resources = append(registry[i].Resources, int64(id))
			}
		}
	}
	return registry
}

// randomCosts makes costs from least up to below limit; -1 excludes an endpoint.
func randomCosts(rng *rand.Rand, n int, least, limit int64) []int64 {
	costs := make([]int64, n)
	for i := range costs {
		costs[i] = least + rng.Int64N(limit-least)
	}
	return costs
}

func sum(chosen []int, cost []int64) (total int64) {
	for _, i := range chosen {
		total += cost[i]
	}
	return total
}

// servedBy says whether one of the chosen serves the id.
func servedBy(registry syncquery.Registry, chosen []int, id int64) bool {
	return slices.ContainsFunc(chosen, func(i int) bool { return registry[i].Serves(id) })
}

// requireCover holds what must hold of every cover: allowed endpoints serve all of ids
// but those that are missing, which none of them serves; and none is superfluous.
func requireCover(t require.TestingT, registry syncquery.Registry, ids, cost []int64, chosen []int, missing []int64) {
	var allowed []int
	for i := range registry {
		if cost == nil || cost[i] >= 0 {
			allowed = append(allowed, i)
		}
	}
	require.Subset(t, allowed, chosen)
	require.True(t, slices.IsSorted(chosen))
	require.True(t, slices.IsSorted(missing))
	require.Len(t, slices.Compact(slices.Clone(missing)), len(missing))
	require.Subset(t, ids, missing)
	for _, id := range ids {
		require.Equal(t, servedBy(registry, allowed, id), servedBy(registry, chosen, id), "%d", id)
		require.Equal(t, !servedBy(registry, allowed, id), slices.Contains(missing, id), "%d", id)
	}
	for k, i := range chosen {
		others := slices.Delete(slices.Clone(chosen), k, k+1)
		needed := func(id int64) bool { return registry[i].Serves(id) && !servedBy(registry, others, id) }
		require.True(t, slices.ContainsFunc(ids, needed), "%d is superfluous", i)
	}
}

func TestCoverServesEverythingAndNothingTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		registry := anyRegistry(t)
		ids := rapid.SliceOfN(rapid.Int64Range(-1, 21), 0, 30).Draw(t, "ids")
		var cost []int64
		if rapid.Bool().Draw(t, "costs differ") {
			cost = rapid.SliceOfN(rapid.Int64Range(-1, 9), len(registry), len(registry)).Draw(t, "cost")
		}
		chart := syncquery.NewChart(registry)
		chosen, missing := chart.Cover(ids, cost)
		requireCover(t, registry, ids, cost, chosen, missing)

		again := rapid.Permutation(append(ids, ids...)).Draw(t, "again")
		chosenAgain, missingAgain := chart.Cover(again, cost)
		require.Equal(t, chosen, chosenAgain, "the order and number of ids are not to matter")
		require.Equal(t, missing, missingAgain)
	})
}

// leastCost tries every set of endpoints.
func leastCost(registry syncquery.Registry, ids, cost []int64) int64 {
	serves := make([]uint64, len(registry)) // by endpoint
	var wanted, served uint64
	for i, e := range registry {
		for _, id := range e.Resources {
			serves[i] |= 1 << id
		}
		if cost[i] >= 0 {
			served |= serves[i]
		}
	}
	for _, id := range ids {
		wanted |= 1 << id
	}
	wanted &= served
	var search func(i int, rest uint64, spent int64) int64
	search = func(i int, rest uint64, spent int64) int64 {
		switch {
		case rest == 0:
			return spent
		case i == len(registry):
			return -1
		}
		least := search(i+1, rest, spent)
		if cost[i] >= 0 {
			if with := search(i+1, rest&^serves[i], spent+cost[i]); with >= 0 && (least < 0 || with < least) {
				least = with
			}
		}
		return least
	}
	return search(0, wanted, 0)
}

func TestCoverCostsTheLeast(t *testing.T) {
	t.Parallel()
	limits := [][2]int64{{1, 2}, {-1, 2}, {0, 4}, {-1, 100}, {1 << 40, 1<<40 + 6}, {1 << 58, 1 << 59}}
	for seed := range uint64(12_000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		n := 1 + rng.IntN(24)
		registry := randomRegistry(rng, rng.IntN(13), n, []float64{0.1, 0.2, 0.3, 0.5}[rng.IntN(4)])
		limit := limits[rng.IntN(len(limits))]
		cost := randomCosts(rng, len(registry), limit[0], limit[1])
		var ids []int64
		for range rng.IntN(2 * n) {
			ids = append(ids, rng.Int64N(int64(n)))
		}
		chosen, missing := syncquery.NewChart(registry).Cover(ids, cost)
		require.Equal(t, leastCost(registry, ids, cost), sum(chosen, cost), "seed %d", seed)
		if seed%8 == 0 {
			requireCover(t, registry, ids, cost, chosen, missing)
		}
	}
}

// greedyCost is what a cover costs that takes again and again the endpoint with the
// least cost per id that it serves newly.
func greedyCost(registry syncquery.Registry, cost []int64) (spent int64) {
	for rest := registry.Served(); len(rest) > 0; {
		best, gain := -1, 0
		for i, e := range registry {
			n := 0
			for _, id := range rest {
				if e.Serves(id) {
					n++
				}
			}
			if n > 0 && (best < 0 || cost[i]*int64(gain) < cost[best]*int64(n)) {
				best, gain = i, n
			}
		}
		spent += cost[best]
		rest = slices.DeleteFunc(rest, registry[best].Serves)
	}
	return spent
}

// So large ones can't be searched through.
func TestALargeCoverIsNeverWorseThanGreedy(t *testing.T) {
	t.Parallel()
	better := 0
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 0))
		registry := randomRegistry(rng, 200, 300, 0.01+0.02*float64(seed))
		chart := syncquery.NewChart(registry)
		cost := randomCosts(rng, len(registry), 50, 100)
		chosen, missing := chart.Cover(registry.Served(), cost)
		requireCover(t, registry, registry.Served(), cost, chosen, missing)
		greedy := greedyCost(registry, cost)
		require.LessOrEqual(t, sum(chosen, cost), greedy, "seed %d", seed)
		if sum(chosen, cost) < greedy {
			better++
		}
	}
	require.Greater(t, better, 5)
}

func TestCoverDropsWhatOthersMadeSuperfluous(t *testing.T) {
	t.Parallel()
	chart := syncquery.NewChart(syncquery.Registry{ // a is best at first; then b for 4 and c for 5 serve all of it
		{Name: "a", Resources: []int64{1, 2, 3, 6}},
		{Name: "b", Resources: []int64{1, 2, 4}},
		{Name: "c", Resources: []int64{3, 5, 6}},
	})
	chosen, missing := chart.Cover([]int64{1, 2, 3, 4, 5, 6}, []int64{0, 0, 0})
	require.Equal(t, []int{1, 2}, chosen, "also where it costs nothing")
	require.Empty(t, missing)
}

func TestCoverOfNothing(t *testing.T) {
	t.Parallel()
	for _, registry := range []syncquery.Registry{nil, {{Name: "a", Resources: []int64{1}}}} {
		chosen, missing := syncquery.NewChart(registry).Cover(nil, nil)
		require.Empty(t, chosen)
		require.Empty(t, missing)
	}
}
