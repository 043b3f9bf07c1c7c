package syncquery

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// anyRegistry draws a registry of up to 12 endpoints and 20 ids.
func anyRegistry(t *rapid.T) Registry {
	sets := rapid.SliceOfN(rapid.SliceOfNDistinct(rapid.Int64Range(0, 19), 0, 10, rapid.ID[int64]), 0, 12).Draw(t, "endpoints")
	registry := make(Registry, len(sets))
	for i, ids := range sets {
		registry[i] = Endpoint{Name: strconv.Itoa(i), Resources: ids}
	}
	return registry
}

func TestCover(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		registry := anyRegistry(t)
		ids := rapid.SliceOfNDistinct(rapid.Int64Range(0, 19), 0, 20, rapid.ID[int64]).Draw(t, "ids")
		chosen, homeless := Cover(registry, ids)
		for _, id := range ids {
			require.Equal(t, slices.Contains(registry.Served(), id), len(places(chosen, []int64{id}, false)) == 1, "served and covered: %d", id)
			require.Equal(t, !slices.Contains(registry.Served(), id), slices.Contains(homeless, id), "homeless: %d", id)
		}
		for i := range chosen {
			without := slices.Delete(slices.Clone(chosen), i, i+1)
			_, missing := Cover(without, ids)
			require.Greater(t, len(missing), len(homeless), "%s is superfluous", chosen[i].Name)
		}
	})
}

func TestCoverServesWhatHasOneHomeFirst(t *testing.T) {
	t.Parallel()
	chosen, homeless := Cover(Registry{
		{Name: "big", Resources: []int64{1, 2, 3}},
		{Name: "sole", Resources: []int64{1, 2, 3, 4}},
	}, []int64{1, 2, 3, 4})
	require.Equal(t, []string{"sole"}, names(chosen))
	require.Empty(t, homeless)
}

func TestCoverDropsWhatOthersMadeSuperfluous(t *testing.T) {
	t.Parallel()
	chosen, _ := Cover(Registry{ // a is chosen first, for 1; then b for 4 and c for 5, which together serve all of a
		{Name: "a", Resources: []int64{1, 2, 3}},
		{Name: "b", Resources: []int64{1, 2, 4}},
		{Name: "c", Resources: []int64{3, 5}},
		{Name: "d", Resources: []int64{4}},
		{Name: "e", Resources: []int64{4}},
		{Name: "f", Resources: []int64{5}},
		{Name: "g", Resources: []int64{5}},
	}, []int64{1, 2, 3, 4, 5})
	require.Equal(t, []string{"b", "c"}, names(chosen))
}
