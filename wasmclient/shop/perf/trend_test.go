package perf

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// of makes intervals of a second each with these means and ten answers.
func of(means ...float64) []Interval {
	all := make([]Interval, len(means))
	for i, m := range means {
		all[i] = Interval{Begin: float64(i), Hits: 10}
		if m > 0 {
			all[i].Mean = &m
		}
	}
	return all
}

func TestTrendOf(t *testing.T) {
	t.Parallel()
	t.Run("a straight line", func(t *testing.T) {
		t.Parallel()
		trend := trendOf(of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 11)
		require.InDelta(t, 100*11.0/6, trend.Percent, 1e-9, "the slope times the duration, of the mean")
		require.InDelta(t, 0, trend.StandardError, 1e-9)
		require.True(t, trend.Slower)
	})
	t.Run("known numbers", func(t *testing.T) {
		t.Parallel()
		// Slope 0 by symmetry; the rest is 10 * 0.1², and intervals that go against
		// those before them count in full: se = sqrt(10*10*0.01/(10-2) / (10*82.5)).
		trend := trendOf(of(1.1, 0.9, 1.1, 0.9, 1.1, 1.1, 0.9, 1.1, 0.9, 1.1), 10)
		require.InDelta(t, 0, trend.Percent, 1e-9)
		mean := 1.02
		var rest float64
		for _, m := range []float64{1.1, 0.9, 1.1, 0.9, 1.1, 1.1, 0.9, 1.1, 0.9, 1.1} {
			rest += 10 * (m - mean) * (m - mean)
		}
		require.InDelta(t, 100*10/mean*math.Sqrt(rest/8/(10*82.5)), trend.StandardError, 1e-9)
	})
	t.Run("a few answers weigh little", func(t *testing.T) {
		t.Parallel()
		all := of(1, 1, 1, 1, 1, 1, 1, 1, 1, 100)
		require.Greater(t, trendOf(all, 10).Percent, 10.0)
		for i := range 9 {
			all[i].Hits = 1_000_000
		}
		require.Less(t, trendOf(all, 10).Percent, 10.0)
	})
	t.Run("failures weigh nothing", func(t *testing.T) {
		t.Parallel()
		all := of(1, 2, 1, 2, 1, 2, 1, 2, 1, 2)
		want := *trendOf(all, 10)
		all[3].Hits, all[3].Errors = 1010, 1000
		require.Equal(t, want, *trendOf(all, 10))
	})
	t.Run("too little", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, trendOf(of(1, 2, 3, 4, 0, 5, 6, 7, 8, 9), 10))
		require.Nil(t, trendOf(nil, 10))
		require.Equal(t, "-", (*Trend)(nil).String())
	})
	t.Run("as it is printed", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "+12.3 ± 4.0 %", (&Trend{Percent: 12.34, StandardError: 4}).String())
		require.Equal(t, "+0.0 ± 0.0 %", (&Trend{Percent: -0.01}).String())
	})
}

// It is slower above 10 %, and beyond three standard errors; not for one of the two.
func TestWhatIsSlower(t *testing.T) {
	t.Parallel()
	line := func(percent, noise float64) *Trend {
		r := rand.New(rand.NewPCG(1, 2))
		means := make([]float64, 60)
		for i := range means {
			means[i] = 1 + percent/100*(float64(i)-29.5)/60 + noise*r.NormFloat64()
		}
		return trendOf(of(means...), 60)
	}
	require.True(t, line(20, 0.02).Slower)
	require.False(t, line(5, 0.001).Slower, "sure, and little")
	require.False(t, line(20, 0.5).Slower, "much, and not sure")
	require.False(t, line(-20, 0.02).Slower, "faster")
}

// A machine that was busy for a while, at the end, is not a trend of the shop's.
func TestIntervalsThatAreAlikeCountAsFewer(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	slower, walks := 0, 1000
	for range walks {
		means, at := make([]float64, 60), 0.0
		for i := range means {
			at = 0.8*at + 0.2*r.NormFloat64()
			means[i] = 1 + max(-0.9, at)
		}
		if trendOf(of(means...), 60).Slower {
			slower++
		}
	}
	require.Less(t, slower, walks*3/100, "without that it is about one in ten")
}
