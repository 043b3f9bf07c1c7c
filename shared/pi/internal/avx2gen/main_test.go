package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is checked in is what the generator writes: `go generate ./shared/pi`.
func TestAssemblyIsUpToDate(t *testing.T) {
	t.Parallel()
	assembly, declaration, err := generate()
	require.NoError(t, err)
	for file, want := range map[string][]byte{"avx2_amd64.s": assembly, "avx2_decl_amd64.go": declaration} {
		got, err := os.ReadFile("../../" + file)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), file)
	}
}

// Below the band all of a cell is inside the circle, above it all is outside. For each
// x it is enough to look at the cell of the last y below, on either side of 0, and of
// the first above.
func TestBand(t *testing.T) {
	t.Parallel()
	const radius = 1 << 15
	squareOf := func(a int) int { return a * a >> 16 }
	distance := func(a int) (nearest, farthest int) { // of [a, a+1] from 0
		nearest, farthest = a, a+1
		if a < 0 {
			nearest, farthest = -a-1, -a
		}
		return nearest, farthest
	}
	for x := -radius; x < radius; x++ {
		nearX, farX := distance(x)
		below, above := radius, radius
		for ; below >= 0 && squareOf(x)+squareOf(below) >= bandLow; below-- {
		}
		for ; above > 0 && squareOf(x)+squareOf(above-1) >= bandLow+bandSize; above-- {
		}
		for _, y := range []int{below, -below} {
			if _, farY := distance(y); below >= 0 && y < radius && farX*farX+farY*farY > radius*radius {
				require.Fail(t, "below the band, but not inside", "(%d, %d)", x, y)
			}
		}
		for _, y := range []int{above, -above} {
			s := squareOf(x) + squareOf(y)
			if nearY, _ := distance(y); s >= bandLow+bandSize && y < radius && nearX*nearX+nearY*nearY < radius*radius {
				require.Fail(t, "above the band, but not outside", "(%d, %d)", x, y)
			}
		}
	}
}

func TestRunWantsTwoFiles(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run([]string{"one"}), "two files")
}
