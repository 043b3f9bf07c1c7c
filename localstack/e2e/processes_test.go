package e2e_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/leaseapi"
	"lockstep/shared/syncquery/overhttp"
	"lockstep/wasmclient/sim"
)

// Clients in processes of their own take turns at the same endpoints, whole readings
// at a time, in the order in which they came.
func TestFourProcessesTakeTurns(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		program := clients(t)["native"](t)
		each := strconv.Itoa(*queries / 8)
		var wg sync.WaitGroup
		for seed := range 4 {
			arguments := []string{"--url", s.locks, "--queries", each, "--workers", "10", "--seed", strconv.Itoa(seed + 1)}
			if *sign {
				arguments = append(arguments, "--sign")
			}
			wg.Go(func() {
				report, code := simulate(t, program, arguments...)
				require.Zero(t, code)
				require.Zero(t, report.Failed, report.FirstError)
				require.Empty(t, report.PossiblyLocked)
			})
		}
		wg.Wait()
		for _, e := range registryOf(t, s.locks) {
			require.False(t, e.Locked, e.Name)
		}
	})
}

// BenchmarkFourClients is 1,000 queries of four clients at once, of 25 workers each,
// against `make run`: whole readings that exclude each other, in turn.
func BenchmarkFourClients(b *testing.B) {
	url := startBundle(b, "memory").LocksURL
	for b.Loop() {
		var mu sync.Mutex
		var wg sync.WaitGroup
		makespan, longest := 0.0, 0.0
		for seed := range uint64(4) {
			wg.Go(func() {
				server := leaseapi.New(overhttp.New(url, "client "+strconv.FormatUint(seed, 10), true))
				report, _, err := sim.Simulate(b.Context(), server, sim.Options{
					Workload: sim.Workload{Queries: 250, MaxResources: 10, Seed: seed},
					Strategy: syncquery.Group, Workers: 25, Timeout: time.Minute,
				}, sim.Hooks{})
				if err != nil || report.Failed > 0 {
					b.Errorf("%d failed: %v %s", report.Failed, err, report.FirstError)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				makespan, longest = max(makespan, report.Makespan), max(longest, report.Latency.Max)
			})
		}
		wg.Wait()
		require.LessOrEqual(b, makespan, 6.0, "seconds")
		require.LessOrEqual(b, longest, 2.5, "seconds")
		b.ReportMetric(makespan, "makespan-s")
		b.ReportMetric(longest, "longest-s")
	}
}
