package syncquery_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/shared/syncquery"
)

func TestChart(t *testing.T) {
	t.Parallel()
	registry := syncquery.Registry{
		{Name: "b", Resources: []int64{5, 1, 5, 2}}, // an endpoint may list an id twice
		{Name: "a", Resources: []int64{2, 1}},
		{Name: "none"},
		{Name: "sole", Resources: []int64{7}},
		{Name: "c", Resources: []int64{1, 2}},
	}
	chart := syncquery.NewChart(registry)
	require.Equal(t, registry, chart.Registry())
	for i, e := range registry {
		require.Equal(t, i, chart.Index(e.Name))
	}
	require.Equal(t, -1, chart.Index(""))
	require.Equal(t, []int{0, 1, 4}, chart.Homes(1))
	require.Equal(t, []int{0, 1, 4}, chart.Homes(2))
	require.Equal(t, []int{0}, chart.Homes(5))
	require.Nil(t, chart.Homes(6))
	require.Equal(t, []int64{840 + 280 + 280, 280 + 280, 0, 840, 280 + 280}, chart.Need())
	require.Equal(t, []int{0, 3, 1, 4, 2}, chart.Order())
}

// The only home of an id comes before who serves many that others serve too, and who
// is needed more before who is needed less.
func TestOrderIsRarestFirst(t *testing.T) {
	t.Parallel()
	chart := syncquery.NewChart(syncquery.Registry{
		{Name: "0", Resources: []int64{1}},
		{Name: "a", Resources: []int64{1, 2, 3, 4, 5}},
		{Name: "b", Resources: []int64{1, 2, 3, 4, 5}},
		{Name: "sole", Resources: []int64{6}},
	})
	require.Equal(t, []int{3, 1, 2, 0}, chart.Order())
}

func TestOrderIsTheSameForEveryClient(t *testing.T) {
	t.Parallel()
	order := func(registry syncquery.Registry) (names []string) {
		chart := syncquery.NewChart(registry)
		for _, i := range chart.Order() {
			names = append(names, registry[i].Name)
		}
		return names
	}
	rapid.Check(t, func(t *rapid.T) {
		registry := anyRegistry(t)
		other := rapid.Permutation(slices.Clone(registry)).Draw(t, "other")
		for i := range other {
			other[i].Locked = rapid.Bool().Draw(t, "locked")
			other[i].Resources = rapid.Permutation(slices.Clone(other[i].Resources)).Draw(t, "resources")
		}
		require.Len(t, order(registry), len(registry))
		require.Equal(t, order(registry), order(other))
	})
}

func TestAChartMayBeUsedByMany(t *testing.T) {
	t.Parallel()
	chart := syncquery.NewChart(syncquery.Registry{
		{Name: "b", Resources: []int64{1, 2}},
		{Name: "a", Resources: []int64{1, 4}},
		{Name: "c", Resources: []int64{3, 4}},
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			chosen, missing := chart.Cover([]int64{4, 3, 2, 1, 9}, nil)
			require.Equal(t, []int{0, 2}, chosen)
			require.Equal(t, []int64{9}, missing)
		})
	}
	wg.Wait()
}
