package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/localstack/bundle"
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
		}, sim.Hooks{})
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

// Pi in one process: 10^8 samples on two cores, also ten times at once, which must not
// take longer than one after the other; and what a request costs that has next to
// nothing to count.
func BenchmarkPi(b *testing.B) {
	bundle := startWith(b, bundle.Config{Store: "memory"})
	ask := func(simulations int) time.Duration {
		began := time.Now()
		body := fmt.Sprintf(`%s,"simulations":%d,"concurrency":8}`, computeUser, simulations)
		answer, err := http.Post(bundle.ComputeURL+"/pi", "application/json", strings.NewReader(body))
		require.NoError(b, err)
		defer func() { _ = answer.Body.Close() }()
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(b, err)
		require.Equal(b, http.StatusOK, answer.StatusCode)
		return time.Since(began)
	}
	const most = 100_000_000
	for b.Loop() {
		one := medianOf(5, func() time.Duration { return ask(most) })
		row := medianOf(5, func() time.Duration {
			began := time.Now()
			for range 10 {
				ask(most)
			}
			return time.Since(began)
		})
		atOnce := medianOf(5, func() time.Duration {
			began := time.Now()
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() { ask(most) })
			}
			all.Wait()
			return time.Since(began)
		})
		few := medianOf(1001, func() time.Duration { return ask(100) })
		b.ReportMetric(float64(one.Microseconds())/1000, "ms/1e8")
		b.ReportMetric(float64(atOnce)/float64(row), "ten-at-once/ten-in-a-row")
		b.ReportMetric(float64(few.Nanoseconds())/1e6, "ms/100")
		require.Less(b, one, 60*time.Millisecond)
		require.LessOrEqual(b, float64(atOnce)/float64(row), 1.1)
	}
}

func medianOf(n int, measure func() time.Duration) time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = measure()
	}
	slices.Sort(all)
	return all[n/2]
}
