package compute_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/pi"
	"lockstep/wasmclient/compute"
)

func local(t *testing.T, simulations int64, concurrency int) compute.Local {
	t.Helper()
	sampler, err := pi.New(pi.Auto)
	require.NoError(t, err)
	return compute.Local{Pool: pi.NewPool(sampler, 2), Simulations: simulations, Concurrency: concurrency, Seed: 11}
}

func direct(t *testing.T, l compute.Local, n int64) (value, deviation float64) {
	t.Helper()
	inside, err := l.Pool.Sampler().Count(t.Context(), uint64(l.Seed), pi.Range{N: n})
	require.NoError(t, err)
	return pi.Estimate(inside, n)
}

func TestLocalIsTheSamplersEstimate(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{100, 101, pi.Block - 1, pi.Block, pi.Block + 1, 9*pi.Block + 12345} {
		for _, record := range []bool{false, true} {
			l := local(t, n, 3)
			l.Record = record
			var last compute.Point
			answer, points, err := l.Run(t.Context(), func(p compute.Point) {
				require.Greater(t, p.Simulations, last.Simulations)
				last = p
			})
			require.NoError(t, err)
			value, deviation := direct(t, l, n)
			require.Equal(t, compute.Point{Simulations: n, Pi: value, StandardError: deviation}, last)
			require.Equal(t, [2]float64{value, deviation}, [2]float64{answer.Pi, answer.StandardError})
			require.Equal(t, [2]int64{n, 11}, [2]int64{answer.Simulations, answer.Seed})
			require.Equal(t, compute.Distribution{Of: "part", Parts: 3, Least: n / 3, Most: (n + 2) / 3}, answer.Distribution)
			require.Contains(t, string(answer.JSON), `"concurrency":3,"pi":`)
			if !record {
				require.Empty(t, points)
			}
		}
	}
}

func TestLocalRecordsTheEstimatesOnTheWay(t *testing.T) {
	t.Parallel()
	l := local(t, 40*pi.Block+5, 2)
	l.Record = true
	_, points, err := l.Run(t.Context(), func(compute.Point) {})
	require.NoError(t, err)
	require.Greater(t, len(points), 80)
	require.LessOrEqual(t, len(points), 101)
	before := int64(0)
	for i, p := range points {
		require.Greater(t, p.Simulations, before)
		before = p.Simulations
		if i < len(points)-1 && p.Simulations > pi.Block {
			require.Zero(t, p.Simulations%pi.Block, "at a block's end")
		}
		if i%10 == 0 {
			value, deviation := direct(t, l, p.Simulations)
			require.Equal(t, compute.Point{Simulations: p.Simulations, Pi: value, StandardError: deviation}, p)
		}
	}
	require.Equal(t, int64(compute.MinSimulations), points[0].Simulations)
	require.Equal(t, l.Simulations, before)
}

func TestLocalStops(t *testing.T) {
	t.Parallel()
	why := errors.New("somebody wants it to")
	ctx, cancel := context.WithCancelCause(t.Context())
	l := local(t, compute.MaxRun, 2)
	l.Record = true
	_, points, err := l.Run(ctx, func(p compute.Point) {
		if p.Simulations > 4*pi.Block {
			cancel(why)
		}
	})
	require.ErrorIs(t, err, why)
	require.NotEmpty(t, points)
}
