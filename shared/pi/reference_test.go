package pi

import (
	"context"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// isInside is the definition: the point (x 2^64 + u, y 2^64 + v) is in the circle of
// radius 2^79.
func isInside(x, y int16, u, v uint64) bool {
	coordinate := func(high int16, low uint64) *big.Int {
		c := new(big.Int).Lsh(big.NewInt(int64(high)), 64)
		return c.Add(c, new(big.Int).SetUint64(low))
	}
	X, Y := coordinate(x, u), coordinate(y, v)
	sum := new(big.Int).Add(X.Mul(X, X), Y.Mul(Y, Y))
	return sum.Cmp(squareOfRadius) < 0
}

var squareOfRadius = new(big.Int).Lsh(big.NewInt(1), 2*79)

// reference counts samples in the plainest way: it makes all bits of each.
func reference(seed uint64, r Range) int64 {
	count := int64(0)
	for sample := r.From; sample < r.From+r.N; sample++ {
		number, i := sample/Block, sample%Block
		lane, nth := i%16, i/16 // the nth sample of the lane
		var s xoshiro
		s.s0, s.s1 = philox(seed, uint64(number*32+lane*2), 1)
		s.s2, s.s3 = philox(seed, uint64(number*32+lane*2+1), 1)
		var x, y uint64
		for range nth/4 + 1 {
			x, s = s.next()
			y, s = s.next()
		}
		shift := nth % 4 * 16
		u, v := philox(seed, uint64(sample), 0)
		if isInside(int16(x>>shift), int16(y>>shift), u, v) {
			count++
		}
	}
	return count
}

// Each variant counts as if all bits of each sample had been drawn at once.
func TestCountIsThatOfTheReference(t *testing.T) {
	t.Parallel()
	ranges := []Range{{From: 1 << 30 * Block, N: 333}, {From: 7*Block + 100, N: 333}}
	for _, n := range []int64{0, 1, 15, 16, 17, 63, 64, 127, 128, 129, 1000, 12_345} {
		ranges = append(ranges, Range{N: n})
	}
	for _, r := range ranges {
		for seed := range uint64(3) {
			want := reference(seed, r)
			for _, has := range implementations {
				got, err := (&Sampler{has}).Count(context.Background(), seed, r)
				require.NoError(t, err)
				require.Equal(t, want, got, "%s: seed %d, %+v", has.variant, seed, r)
			}
		}
	}
}

// For every cell that is near the circle, and those next to it, the sampler decides as
// the definition does: where it looks at further bits, whatever they are, and where it
// does not, for the extreme ones.
func TestEveryCellNearTheCircle(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	near := 0
	for x := -radius; x < radius; x++ {
		previous := false // near
		for y := radius - 1; y >= 0; y-- {
			over := excess(int16(x), int16(y))
			if over < -band && !previous {
				break // so is what is below
			}
			is := isNear(over)
			if !is && !previous && over > band+2*radius {
				y -= int(over-band-2*radius) / (4 * radius) // far outside: on to the band
				continue
			}
			previous = is
			for _, y := range []int16{int16(y), int16(-1 - y)} {
				is := isNear(excess(int16(x), y))
				if is {
					near++
				}
				decides(t, random, int16(x), y, is)
			}
		}
	}
	require.InDelta(t, 1.4e-4, float64(near)/(1<<32), 1e-5, "the share of points near the circle")
}

// decides checks one point of the cell, at a corner or anywhere.
func decides(t *testing.T, random *rand.Rand, x, y int16, near bool) {
	t.Helper()
	u := []uint64{0, 1<<64 - 1, random.Uint64()}[random.IntN(3)]
	v := []uint64{0, 1<<64 - 1, random.Uint64()}[random.IntN(3)]
	got := excess(x, y) < 0
	if near {
		got = refine(x, y, u, v) == 1
	}
	if want := isInside(x, y, u, v); got != want { // require would take most of the time
		require.Equal(t, want, got, "(%d, %d) with %#x, %#x", x, y, u, v)
	}
}

// On the circle is not inside; the point next to it, towards the middle, is.
func TestRefineOnTheCircle(t *testing.T) {
	t.Parallel()
	require.Zero(t, refine(-radius, 0, 0, 0))
	require.Zero(t, refine(0, -radius, 0, 0))
	require.Zero(t, refine(-radius, -radius, 0, 0))
	require.EqualValues(t, 1, refine(-radius, 0, 1, 0))
	require.EqualValues(t, 1, refine(radius-1, 0, 1<<64-1, 0))
	require.EqualValues(t, 1, refine(0, 0, 0, 0))
}

// Where the table of cells decides, it does as the definition at the cell's corners.
func TestEveryCellOfTheTable(t *testing.T) {
	t.Parallel()
	edges := 0
	for i, is := range cells() {
		x, y := int16(i<<8), int16(i>>8<<8)
		for _, corner := range []bool{
			isInside(x, y, 0, 0), isInside(x|0xff, y, 1<<64-1, 0),
			isInside(x, y|0xff, 0, 1<<64-1), isInside(x|0xff, y|0xff, 1<<64-1, 1<<64-1),
		} {
			if is != edge && corner != (is == within) { // require would take most of the time
				require.Equal(t, is == within, corner, "(%d, %d)", x, y)
			}
		}
		if is == edge {
			edges++
		}
	}
	require.InDelta(t, 1./64, float64(edges)/(1<<16), 1e-3, "the share of cells at the edge")
}
