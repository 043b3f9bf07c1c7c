package e2e_test

import (
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep"
	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overhttp"
	"lockstep/wasmclient/oldserver"
	"lockstep/wasmclient/sim"
)

// measuredAgainst is the old server by which strategies are measured.
var measuredAgainst = oldserver.Options{UnlockedReads: true, FreeAny: true, Close: true, ReadTime: 100 * time.Millisecond, Latency: time.Millisecond}

// shareAnOldServer runs a process of each strategy at once against one old server, each with 25
// workers, and holds what must hold: nothing is read without the reader's lock, nobody's
// lock is freed by somebody else, and none is left.
func shareAnOldServer(t testing.TB, queries int, strategies ...syncquery.Strategy) []sim.Report {
	t.Helper()
	old := startOld(t, measuredAgainst)
	program := clients(t)["native"](t)
	reports := make([]sim.Report, len(strategies))
	var wg sync.WaitGroup
	for i, strategy := range strategies {
		wg.Go(func() {
			reports[i], _ = simulate(t, program, "--url", old.URL, "--queries", strconv.Itoa(queries), "--workers", "25",
				"--seed", strconv.Itoa(i+1), "--strategy", string(strategy))
		})
	}
	wg.Wait()
	for i, strategy := range strategies {
		require.Equal(t, queries, reports[i].Queries)
		if strategy == syncquery.Group {
			require.Zero(t, reports[i].Failed, reports[i].FirstError)
		}
	}
	s := statsOf(t, old.URL)
	s.requireClean(t)
	require.Empty(t, s.LocksLeft)
	return reports
}

// Processes that know nothing of each other share an old server that knows nothing of
// them: ours among themselves, and beside the usual client, which waits while it holds.
func TestProcessesShareAnOldServer(t *testing.T) {
	t.Run("ours", func(t *testing.T) {
		t.Parallel()
		shareAnOldServer(t, 100, syncquery.Group, syncquery.Group, syncquery.Group, syncquery.Group)
	})
	t.Run("beside the usual client", func(t *testing.T) {
		t.Parallel()
		shareAnOldServer(t, 40, syncquery.Group, syncquery.Group, syncquery.Baseline, syncquery.Baseline)
	})
}

// longest is the longest wait in any of the reports, and the longest makespan, in seconds.
func longest(reports []sim.Report) (wait, makespan float64) {
	for _, r := range reports {
		wait, makespan = max(wait, r.Latency.Max), max(makespan, r.Makespan)
	}
	return wait, makespan
}

// BenchmarkSharing is four processes of 25 workers, 250 queries each, against one old
// server; and two of them beside two of the usual client.
func BenchmarkSharing(b *testing.B) {
	b.Run("four of ours", func(b *testing.B) {
		for b.Loop() {
			wait, makespan := longest(shareAnOldServer(b, 250, syncquery.Group, syncquery.Group, syncquery.Group, syncquery.Group))
			require.LessOrEqual(b, makespan, 8.5)
			require.LessOrEqual(b, wait, 2.5)
			b.ReportMetric(makespan, "makespan-s")
			b.ReportMetric(wait, "longest-s")
		}
	})
	b.Run("two beside two of the usual client", func(b *testing.B) {
		for b.Loop() {
			wait, makespan := longest(shareAnOldServer(b, 250, syncquery.Group, syncquery.Group, syncquery.Baseline, syncquery.Baseline)[:2])
			require.LessOrEqual(b, wait, 4.0)
			b.ReportMetric(makespan, "makespan-s")
			b.ReportMetric(wait, "longest-s")
		}
	})
}

// usualRun is 1,000 queries of 100 workers.
func usualRun(strategy syncquery.Strategy) sim.Options {
	return sim.Options{
		Workload: sim.Workload{Queries: 1000, MaxResources: 10, Seed: 1},
		Strategy: strategy, Workers: 100, Timeout: 2 * time.Minute,
	}
}

// overSockets runs against a real old server.
func overSockets(b *testing.B, o sim.Options) sim.Report {
	b.Helper()
	old := startOld(b, measuredAgainst)
	server := oldapi.New(overhttp.New(old.URL, "bench", o.Strategy != syncquery.Serial))
	r, _, err := sim.Simulate(b.Context(), server, o, sim.Hooks{})
	require.NoError(b, err)
	require.Zero(b, r.Failed, r.FirstError)
	s := statsOf(b, old.URL)
	s.requireClean(b)
	require.Empty(b, s.LocksLeft)
	return r
}

// BenchmarkOverSockets is what the good strategies reach over real sockets.
func BenchmarkOverSockets(b *testing.B) {
	for name, c := range map[string]struct {
		change                      func(*sim.Options)
		makespan, calls, mean, most float64 // bounds; 0 for none
		p99                         float64
	}{
		"group":        {change: func(*sim.Options) {}, makespan: 1.7, calls: 0.75, most: 0.35},
		"cover":        {change: func(o *sim.Options) { o.Strategy = syncquery.Cover }, makespan: 30},
		"20 a second":  {change: func(o *sim.Options) { o.Rate, o.Queries = 20, 400 }, mean: 0.16},
		"400 a second": {change: func(o *sim.Options) { o.Rate, o.Queries = 400, 4000 }, mean: 0.23, p99: 0.36},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				o := usualRun(syncquery.Group)
				c.change(&o)
				r := overSockets(b, o)
				for _, figure := range []struct{ is, bound float64 }{{r.Makespan, c.makespan}, {r.CallsPerQuery, c.calls}, {r.Latency.Mean, c.mean}, {r.Latency.P99, c.p99}, {r.Latency.Max, c.most}} {
					if figure.bound > 0 {
						require.LessOrEqual(b, figure.is, figure.bound)
					}
				}
				b.ReportMetric(r.Makespan, "makespan-s")
				b.ReportMetric(r.Latency.Mean, "mean-s")
				b.ReportMetric(r.Latency.P99, "p99-s")
				b.ReportMetric(r.Latency.Max, "longest-s")
				b.ReportMetric(r.CallsPerQuery, "calls/query")
			}
		})
	}
}

// BenchmarkSimulatedAndReal is how far a simulated makespan is from a real one; fewer
// queries of the slow strategies, which take minutes.
func BenchmarkSimulatedAndReal(b *testing.B) {
	registry, err := syncquery.ParseRegistry(lockstep.Registry)
	require.NoError(b, err)
	for strategy, queries := range map[syncquery.Strategy]int{syncquery.Serial: 40, syncquery.Baseline: 200, syncquery.Cover: 500, syncquery.Group: 1000} {
		b.Run(string(strategy), func(b *testing.B) {
			for b.Loop() {
				o := usualRun(strategy)
				o.Queries = queries
				r := overSockets(b, o)
				o.World = sim.WorldOptions{Registry: slices.Clone(registry), ReadTime: measuredAgainst.ReadTime, Latency: measuredAgainst.Latency}
				world, err := sim.NewWorld(o)
				require.NoError(b, err)
				for world.Advance(1 << 20) {
				}
				ratio := world.Report().Makespan / r.Makespan
				require.InDelta(b, 1, ratio, 0.15)
				b.ReportMetric(r.Makespan, "real-s")
				b.ReportMetric(world.Report().Makespan, "simulated-s")
				b.ReportMetric(ratio, "simulated/real")
			}
		})
	}
}
