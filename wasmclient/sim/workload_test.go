package sim_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/wasmclient/sim"
)

func TestDraw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		served := rapid.SliceOfNDistinct(rapid.Int64Range(0, 99), 1, 60, rapid.ID[int64]).Draw(t, "served")
		w := sim.Workload{
			Queries:      rapid.IntRange(1, 200).Draw(t, "queries"),
			MaxResources: rapid.IntRange(0, 80).Draw(t, "max"),
			Seed:         rapid.Uint64().Draw(t, "seed"),
		}
		queries, err := w.Draw(served)
		require.NoError(t, err)
		require.Len(t, queries, w.Queries)
		for _, ids := range queries {
			require.LessOrEqual(t, len(ids), min(w.MaxResources, len(served)))
			require.Len(t, slices.Compact(slices.Sorted(slices.Values(ids))), len(ids), "an id twice")
			for _, id := range ids {
				require.Contains(t, served, id)
			}
		}
		again, err := w.Draw(served)
		require.NoError(t, err)
		require.Equal(t, queries, again, "the same seed draws the same")
	})
}

// Every number of ids from 0 to the most, and every id from the first to the last,
// turns up, and as often as the others: no off-by-one at either end.
func TestDrawIsUniform(t *testing.T) {
	t.Parallel()
	served := []int64{10, 11, 12, 13, 14}
	const n = 60_000
	queries, err := sim.Workload{Queries: n, MaxResources: 5, Seed: 7}.Draw(served)
	require.NoError(t, err)
	sizes, ids := map[int]int{}, map[int64]int{}
	for _, q := range queries {
		sizes[len(q)]++
		for _, id := range q {
			ids[id]++
		}
	}
	require.Len(t, sizes, 6)
	for size, count := range sizes {
		require.InDelta(t, n/6, count, 5*math.Sqrt(n/6), "queries of %d ids", size)
	}
	require.Len(t, ids, 5)
	for id, count := range ids { // half of all queries name an id
		require.InDelta(t, n/2, count, 5*math.Sqrt(n/4), "id %d", id)
	}
}

func TestDrawAddsUnknownIDs(t *testing.T) {
	t.Parallel()
	served := []int64{0, 1, 2}
	for share, want := range map[float64]int{0: 0, 0.25: 250, 1: 1000} {
		queries, err := sim.Workload{Queries: 1000, MaxResources: 3, Unknown: share, Seed: 1}.Draw(served)
		require.NoError(t, err)
		unknown := 0
		for _, q := range queries {
			if slices.ContainsFunc(q, func(id int64) bool { return !slices.Contains(served, id) }) {
				unknown++
			}
		}
		require.InDelta(t, want, unknown, 70, "share %v", share)
	}
}

func TestAWorkloadThatCanNotBe(t *testing.T) {
	t.Parallel()
	for field, w := range map[string]sim.Workload{
		"queries":       {Queries: 0},
		"max-resources": {Queries: 1, MaxResources: -1},
		"unknown":       {Queries: 1, Unknown: math.NaN()},
		"resources":     {Queries: 1, MaxResources: 1}, // and nothing is served
	} {
		_, err := w.Draw(nil)
		require.ErrorContains(t, err, field)
	}
	queries, err := sim.Workload{Queries: 2}.Draw(nil)
	require.NoError(t, err, "empty queries can be drawn from an empty registry")
	require.Len(t, queries, 2)
}
