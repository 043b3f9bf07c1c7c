package syncquery_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

// namesOf returns the names, one after the other.
func namesOf(endpoints []syncquery.Endpoint) string {
	all := ""
	for _, e := range endpoints {
		all += e.Name
	}
	return all
}

// endpoints have a letter for a name, each.
func TestCoverAround(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		candidates syncquery.Registry
		ids        []int64
		avoid      string
		chosen     string
		homeless   []int64
	}{
		"few": {
			candidates: syncquery.Registry{
				{Name: "a", Resources: []int64{1, 2}}, {Name: "b", Resources: []int64{3}}, {Name: "c", Resources: []int64{2, 3}}, {Name: "d", Resources: []int64{1, 2, 3}},
			},
			ids: []int64{1, 2, 3}, chosen: "d",
		},
		"many rather than one that is to be avoided": {
			candidates: syncquery.Registry{
				{Name: "a", Resources: []int64{1, 2, 3}}, {Name: "b", Resources: []int64{1}}, {Name: "c", Resources: []int64{2}}, {Name: "d", Resources: []int64{3}},
			},
			ids: []int64{1, 2, 3}, avoid: "a", chosen: "bcd",
		},
		"one that is to be avoided rather than two, and then for all that it serves": {
			candidates: syncquery.Registry{
				{Name: "a", Resources: []int64{1, 2, 3}}, {Name: "b", Resources: []int64{1}}, {Name: "c", Resources: []int64{2}}, {Name: "d", Resources: []int64{3}},
			},
			ids: []int64{1, 2, 3}, avoid: "abc", chosen: "a",
		},
		"as many of the least needed": {
			candidates: syncquery.Registry{
				{Name: "a", Resources: []int64{1, 7}}, {Name: "b", Resources: []int64{1}}, {Name: "c", Resources: []int64{1, 8}},
			},
			ids: []int64{1}, chosen: "b",
		},
		"and what nobody serves": {
			candidates: syncquery.Registry{{Name: "a", Resources: []int64{1}}, {Name: "b"}},
			ids:        []int64{9, 1, 8, 9}, avoid: "a", chosen: "a", homeless: []int64{8, 9},
		},
		"nobody": {ids: []int64{1}, homeless: []int64{1}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			before := slices.Clone(test.candidates)
			chosen, homeless := syncquery.CoverAround(test.candidates, test.ids, func(e syncquery.Endpoint) bool { return strings.Contains(test.avoid, e.Name) })
			require.Equal(t, test.chosen, namesOf(chosen))
			require.Equal(t, test.homeless, homeless)
			require.Equal(t, before, test.candidates)
		})
	}
}
