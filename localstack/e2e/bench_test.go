package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overhttp"
	"lockstep/wasmclient/sim"
)

// One run of the usual client and of ours against the same old server: the time a
// query takes of the makespan, how often the one goes into the other, and the calls.
func BenchmarkStrategies(b *testing.B) {
	old := startOld(b, flaws)
	run := func(strategy syncquery.Strategy, queries int) (perQuery float64, r sim.Report) {
		r, _, err := sim.Simulate(b.Context(), oldapi.New(overhttp.New(old.URL, string(strategy), true)), sim.Options{
			Workload: sim.Workload{Queries: queries, MaxResources: 10, Seed: 1},
			Strategy: strategy, Workers: 100, Timeout: time.Minute,
		}, nil)
		require.NoError(b, err)
		require.Zero(b, r.Failed)
		return r.Makespan / float64(queries), r
	}
	for b.Loop() {
		usual, baseline := run(syncquery.Baseline, 100)
		ours, group := run(syncquery.Group, 1000)
		require.Greater(b, usual/ours, 30.0, "ours must need at most a thirtieth of the usual client's time")
		b.ReportMetric(1000*usual, "baseline-ms/query")
		b.ReportMetric(1000*ours, "group-ms/query")
		b.ReportMetric(usual/ours, "baseline/group")
		b.ReportMetric(baseline.CallsPerQuery, "baseline-calls/query")
		b.ReportMetric(group.CallsPerQuery, "group-calls/query")
	}
}
