package syncquery_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

// coverCosts are ways to price the endpoints of a chart.
var coverCosts = map[string]func(rng *rand.Rand, chart *syncquery.Chart) []int64{
	"equal": func(*rand.Rand, *syncquery.Chart) []int64 { return nil },
	"need": func(_ *rand.Rand, chart *syncquery.Chart) []int64 {
		cost := slices.Clone(chart.Need())
		for i := range cost {
			cost[i] += 1 << 40
		}
		return cost
	},
	"tie-breakers": func(rng *rand.Rand, chart *syncquery.Chart) []int64 {
		return randomCosts(rng, len(chart.Registry()), 1<<40, 1<<40+5000)
	},
	"random": func(rng *rand.Rand, chart *syncquery.Chart) []int64 {
		return randomCosts(rng, len(chart.Registry()), -1, 100)
	},
	"held": func(rng *rand.Rand, chart *syncquery.Chart) []int64 { // by others, as a reading sees them
		cost := slices.Clone(chart.Need())
		for i := range cost {
			cost[i] += 1 << 20
			if rng.IntN(4) == 0 {
				cost[i] += 1 << 40
			}
		}
		return cost
	},
}

func theRegistry(tb testing.TB) syncquery.Registry {
	tb.Helper()
	body, err := os.ReadFile("../../testdata/registry.json")
	require.NoError(tb, err)
	registry, err := syncquery.ParseRegistry(body)
	require.NoError(tb, err)
	return registry
}

// BenchmarkCover covers all ids of the registry, and random sets of every size of them.
// Of these it reports also the one that takes longest, each counting with the shortest
// of twenty runs, since the machine has other things to do.
func BenchmarkCover(b *testing.B) {
	registry := theRegistry(b)
	chart, served := syncquery.NewChart(registry), registry.Served()
	for _, what := range slices.Sorted(maps.Keys(coverCosts)) {
		price := coverCosts[what]
		b.Run("all/"+what, func(b *testing.B) {
			cost := price(rand.New(rand.NewPCG(1, 1)), chart)
			b.ReportAllocs()
			for b.Loop() {
				chart.Cover(served, cost)
			}
		})
		b.Run("some/"+what, func(b *testing.B) {
			rng, served := rand.New(rand.NewPCG(1, 1)), slices.Clone(served)
			ids, cost := make([][]int64, 5000), make([][]int64, 5000)
			for i := range ids {
				rng.Shuffle(len(served), func(i, j int) { served[i], served[j] = served[j], served[i] })
				ids[i], cost[i] = slices.Clone(served[:1+i%len(served)]), price(rng, chart)
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				chart.Cover(ids[i%len(ids)], cost[i%len(ids)])
				i++
			}
			b.ReportMetric(longest(ids, cost, chart), "max-ns")
		})
	}
}

// longest returns the nanoseconds of the cover that takes longest.
func longest(ids, cost [][]int64, chart *syncquery.Chart) float64 {
	longest := time.Duration(0)
	for i := range ids {
		shortest := time.Hour
		for range 20 {
			begin := time.Now()
			chart.Cover(ids[i], cost[i])
			shortest = min(shortest, time.Since(begin))
		}
		longest = max(longest, shortest)
	}
	return float64(longest.Nanoseconds())
}

// BenchmarkLargeCover covers registries too large to be searched through.
func BenchmarkLargeCover(b *testing.B) {
	for _, percent := range []int{1, 2, 5, 20} {
		b.Run(strconv.Itoa(percent)+"%", func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			registry := randomRegistry(rng, 200, 300, float64(percent)/100)
			chart, served := syncquery.NewChart(registry), registry.Served()
			cost := coverCosts["need"](rng, chart)
			b.ReportAllocs()
			for b.Loop() {
				chart.Cover(served, cost)
			}
		})
	}
}

func BenchmarkChart(b *testing.B) {
	registry := theRegistry(b)
	b.ReportAllocs()
	for b.Loop() {
		syncquery.NewChart(registry)
	}
}
