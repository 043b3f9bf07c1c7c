package pi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/shared/pi"
)

var cases = flag.Int("cases", 20, "random (seed, n) that are counted in every way")

// samplers returns one of each variant that this machine has.
func samplers(t testing.TB) []*pi.Sampler {
	t.Helper()
	all := make([]*pi.Sampler, 0, 2)
	for _, v := range pi.Variants() {
		all = append(all, mustNew(t, v))
	}
	return all
}

func mustNew(t testing.TB, v pi.Variant) *pi.Sampler {
	t.Helper()
	s, err := pi.New(v)
	require.NoError(t, err)
	return s
}

func mustCount(t require.TestingT, s *pi.Sampler, seed uint64, r pi.Range) int64 {
	count, err := s.Count(context.Background(), seed, r)
	require.NoError(t, err)
	return count
}

// The counts that every machine has: one that differs has another stream.
func TestGoldenCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		seed uint64
		r    pi.Range
		want int64
	}{
		{0, pi.Range{N: 100}, 70},
		{0, pi.Range{N: 1_000_001}, 784_212},
		{1, pi.Range{N: pi.Block}, 824_090},
		{1, pi.Range{N: 2*pi.Block + 1}, 1_648_166},
		{1<<53 - 1, pi.Range{N: 9_999_999}, 7_854_754},
		{42, pi.Range{From: 1e15 - 1_234_567, N: 1_234_567}, 968_244},
		{1<<64 - 1, pi.Range{From: math.MaxInt64 - 1000, N: 1000}, 790},
	} {
		for _, s := range samplers(t) {
			require.Equal(t, c.want, mustCount(t, s, c.seed, c.r), "%s: seed %d, %+v", s.Variant(), c.seed, c.r)
		}
	}
}

// digests are of the counts of the first so many random cases: that they are the same
// is how other machines, and wasm, are held to the same counts.
var digests = map[int]string{
	20:   "1bf3b254ad6af6fd25fc0bbbc865c85f323d4d92f86df7944a8c25ae4c5e572d",
	1000: "ac48be406f14cfcaacb53dd88e3c94e544bdca52ddc2f5a18a11d91909fc8a8c",
}

// The count does not depend on the variant, on how many goroutines count, or into how
// many shards it is divided.
func TestSameCountEveryWay(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 14))
	digest := sha256.New()
	for range *cases {
		seed := random.Uint64N(1 << 53)
		n := 100 + random.Int64N([]int64{1e3, 1e4, 1e5, 1e6, 1e7}[random.IntN(5)]-99)
		concurrency, shards := 1+random.IntN(8), 1+random.IntN([]int{1, 10, 100, 1000, 10_000}[random.IntN(5)])
		var counts []int64
		for _, s := range samplers(t) {
			counts = append(counts, mustCount(t, s, seed, pi.Range{N: n}))
			together, err := pi.NewPool(s, 4).Count(t.Context(), seed, pi.Range{N: n}, concurrency)
			require.NoError(t, err)
			sum := int64(0)
			for _, shard := range pi.Shards(n, shards) {
				sum += mustCount(t, s, seed, shard)
			}
			counts = append(counts, together, sum)
		}
		for _, count := range counts {
			require.Equal(t, counts[0], count, "seed %d, %d samples, concurrency %d, %d shards", seed, n, concurrency, shards)
		}
		_, _ = fmt.Fprintln(digest, seed, n, counts[0])
	}
	if want, ok := digests[*cases]; ok {
		require.Equal(t, want, hex.EncodeToString(digest.Sum(nil)))
	}
}

// A range is cut anywhere, also inside a block, and its parts are added up.
func TestCountIsAdditive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := pi.New(rapid.SampledFrom(pi.Variants()).Draw(t, "variant"))
		require.NoError(t, err)
		seed := rapid.Uint64().Draw(t, "seed")
		block := rapid.Int64Range(0, 1<<40).Draw(t, "block") * pi.Block
		from := block + rapid.Int64Range(0, 300).Draw(t, "from")
		cut := rapid.Int64Range(0, 3000).Draw(t, "cut")
		n := cut + rapid.Int64Range(0, 3000).Draw(t, "rest")
		require.Equal(t,
			mustCount(t, s, seed, pi.Range{From: from, N: n}),
			mustCount(t, s, seed, pi.Range{From: from, N: cut})+mustCount(t, s, seed, pi.Range{From: from + cut, N: n - cut}))
	})
}

func TestCountErrors(t *testing.T) {
	t.Parallel()
	s := mustNew(t, pi.Auto)
	pool := pi.NewPool(s, 2)
	for name, r := range map[string]pi.Range{
		"negative from": {From: -1, N: 1},
		"negative n":    {N: -1},
		"too far":       {From: math.MaxInt64, N: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.Count(t.Context(), 1, r)
			require.ErrorIs(t, err, pi.ErrRange)
			_, err = pool.Count(t.Context(), 1, r, 2)
			require.ErrorIs(t, err, pi.ErrRange)
		})
	}
}

// endsAfter is a context that is done once its error has been asked for that often.
type endsAfter struct {
	context.Context
	left int
}

func (c *endsAfter) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestCountLooksAtTheContextOnceABlock(t *testing.T) {
	t.Parallel()
	s := mustNew(t, pi.Auto)
	count, err := s.Count(&endsAfter{t.Context(), 3}, 1, pi.Range{N: 3 * pi.Block})
	require.NoError(t, err)
	require.NotZero(t, count)
	_, err = s.Count(&endsAfter{t.Context(), 3}, 1, pi.Range{N: 3*pi.Block + 1})
	require.ErrorIs(t, err, context.Canceled)
}

func TestVariants(t *testing.T) {
	t.Parallel()
	require.Contains(t, pi.Variants(), pi.Portable, "every machine has it")
	for _, v := range pi.Variants() {
		require.Equal(t, v, mustNew(t, v).Variant())
	}
	require.Equal(t, pi.Variants()[0], mustNew(t, pi.Auto).Variant(), "auto is the fastest")

	_, err := pi.New("sse")
	var unknown *pi.VariantError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, pi.Variant("sse"), unknown.Variant)
	require.ErrorContains(t, err, `"sse"`)
	require.ErrorContains(t, err, "auto, ")
	require.ErrorContains(t, err, "portable")
}

// FuzzCount looks for a range that the variants count differently.
func FuzzCount(f *testing.F) {
	f.Add(uint64(0), int64(0), uint32(100))
	f.Add(uint64(1), int64(pi.Block-1), uint32(129))
	all := samplers(f)
	f.Fuzz(func(t *testing.T, seed uint64, from int64, n uint32) {
		r := pi.Range{From: max(from, 0) &^ (7 << 60), N: int64(n % (3 * pi.Block))}
		want := mustCount(t, all[0], seed, r)
		for _, s := range all[1:] {
			require.Equal(t, want, mustCount(t, s, seed, r), "%s", s.Variant())
		}
	})
}
