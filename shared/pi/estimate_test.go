package pi_test

import (
	"context"
	"flag"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/pi"
)

var (
	samples = flag.Int64("samples", 1e8, "samples that must lie within 4 standard errors of pi")
	seeds   = flag.Int("seeds", 50, "estimates that must pass a chi-squared test")
	each    = flag.Int64("each", 1e6, "samples of each of them")
)

func TestEstimate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		inside, n           int64
		want, standardError float64
	}{
		"a half":  {50, 100, 2, 0.2},
		"none":    {0, 100, 0, 0},
		"all":     {100, 100, 4, 0},
		"a fifth": {20, 100, 0.8, 0.16},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			estimate, standardError := pi.Estimate(c.inside, c.n)
			require.Equal(t, math.Float64bits(c.want), math.Float64bits(estimate))
			require.InDelta(t, c.standardError, standardError, 1e-15)
		})
	}
}

// countAll counts on all the machine's cores, of which a test knows no number that is wrong.
func countAll(t *testing.T, seed uint64, n int64) int64 {
	t.Helper()
	count, err := pi.NewPool(mustNew(t, pi.Auto), 8).Count(context.Background(), seed, pi.Range{N: n}, 8)
	require.NoError(t, err)
	return count
}

func TestPiIsWithinFourStandardErrors(t *testing.T) {
	t.Parallel()
	estimate, standardError := pi.Estimate(countAll(t, 2026, *samples), *samples)
	t.Logf("pi is %.9f +- %.9f, %.2f standard errors off", estimate, standardError, (estimate-math.Pi)/standardError)
	require.InDelta(t, math.Pi, estimate, 4*standardError)
}

// The squares of the errors, each over its standard error, are distributed as
// chi-squared: with k degrees of freedom, by Wilson and Hilferty, the cube root of the
// mean is normal, with mean 1 - 2/(9k) and variance 2/(9k).
func TestErrorsAreDistributedAsTheyShould(t *testing.T) {
	t.Parallel()
	sum := 0.
	standardError := 4 * math.Sqrt(math.Pi/4*(1-math.Pi/4)/float64(*each))
	for seed := range *seeds {
		estimate, _ := pi.Estimate(countAll(t, uint64(seed), *each), *each)
		off := (estimate - math.Pi) / standardError
		sum += off * off
	}
	k := float64(*seeds)
	z := (math.Cbrt(sum/k) - 1 + 2/(9*k)) / math.Sqrt(2/(9*k))
	t.Logf("chi-squared is %.1f with %d degrees of freedom, %.2f deviations off", sum, *seeds, z)
	require.InDelta(t, 0, z, 3.29, "one in 1,000 is as far")
}
