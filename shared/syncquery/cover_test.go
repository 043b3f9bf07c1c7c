package syncquery_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

func TestCoverDropsWhatOthersMadeSuperfluous(t *testing.T) {
	t.Parallel()
	chart := syncquery.NewChart(syncquery.Registry{ // a is best at first; then b and c together serve all of it
		{Name: "a", Resources: []int64{1, 2, 3}},
		{Name: "b", Resources: []int64{1, 2, 4}},
		{Name: "c", Resources: []int64{3, 5}},
	})
	chosen, missing := chart.Cover([]int64{1, 2, 3, 4, 5}, nil)
	require.Equal(t, []int{1, 2}, chosen)
	require.Empty(t, missing)
}
