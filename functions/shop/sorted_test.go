package shop_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/functions/shop"
)

// Whatever is put and removed, the list has what a map would have, in order.
func TestASortedListIsAMapInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var list shop.Sorted[int, int]
		want := map[int]int{}
		key := rapid.IntRange(0, 3000)
		for i := range rapid.IntRange(0, 1500).Draw(t, "at its end") {
			list.Put(i, -i)
			want[i] = -i
		}
		for i, k := range rapid.SliceOfN(key, 0, 1500).Draw(t, "put") {
			list.Put(k, i)
			want[k] = i
		}
		for _, k := range rapid.SliceOfN(key, 0, 1500).Draw(t, "removed") {
			list.Remove(k)
			delete(want, k)
		}
		if rapid.Bool().Draw(t, "all removed") {
			for k := range maps.Clone(want) {
				list.Remove(k)
				delete(want, k)
			}
		}
		keys := slices.Sorted(maps.Keys(want))
		require.Equal(t, keys, list.After(-1, 5000))
		for _, k := range rapid.SliceOfN(key, 10, 10).Draw(t, "asked for") {
			got, found := list.Get(k)
			value, there := want[k]
			require.Equal(t, there, found)
			require.Equal(t, value, got)
			begin, there := slices.BinarySearch(keys, k)
			if there {
				begin++
			}
			require.Equal(t, append([]int(nil), keys[begin:min(begin+7, len(keys))]...), list.After(k, 7))
		}
	})
}
