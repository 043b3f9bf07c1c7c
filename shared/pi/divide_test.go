package pi_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/shared/pi"
)

func TestShards(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1e15).Draw(t, "n")
		shards := rapid.IntRange(1, 10_000).Draw(t, "shards")
		ranges := pi.Shards(n, shards)
		require.Len(t, ranges, shards)
		end, least, most := int64(0), n, int64(0)
		for _, r := range ranges {
			if r.From != end || r.N < 0 || r.N > 0 && r.From%pi.Block != 0 {
				require.Fail(t, "one begins where the last ended, and no block is in two", "at %d: %+v", end, r)
			}
			end += r.N
			least, most = min(least, r.N), max(most, r.N)
		}
		require.Equal(t, n, end)
		require.LessOrEqual(t, most-least, int64(2*pi.Block), "by a block, and the part that the last lacks")
	})
}

func TestShardsFewerBlocksThanShards(t *testing.T) {
	t.Parallel()
	require.Equal(t, []pi.Range{{From: 0, N: 1000}, {From: 1000}, {From: 1000}}, pi.Shards(1000, 3))
}

func TestDistribution(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int64{34, 33, 33}, pi.Distribution(100, 3))
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1e15).Draw(t, "n")
		parts := rapid.IntRange(1, 10_000).Draw(t, "parts")
		sizes := pi.Distribution(n, parts)
		require.Len(t, sizes, parts)
		sum := int64(0)
		for _, size := range sizes {
			sum += size
		}
		require.Equal(t, n, sum)
		require.LessOrEqual(t, slices.Max(sizes)-slices.Min(sizes), int64(1))
	})
}
