package e2e_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep"
	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

// One seed gives the same report, and by its hash the same events, in Chromium as
// natively.
func TestThePageSimulatesWhatIsSimulatedNatively(t *testing.T) {
	p := openPage(t, "")
	registry, err := syncquery.ParseRegistry(lockstep.Registry)
	require.NoError(t, err)
	strategies := []syncquery.Strategy{syncquery.Group, syncquery.Cover, syncquery.Baseline, syncquery.Serial}
	for seed := range uint64(20) {
		o := sim.Options{
			Workload: sim.Workload{Queries: 60, MaxResources: 10, Unknown: 0.1, Seed: seed},
			Strategy: strategies[seed%4], Clients: 1 + int(seed%3), Workers: 15, Timeout: 2 * time.Minute,
			World: sim.WorldOptions{
				Registry: registry, Ours: seed%5 == 0, ReadTime: 100 * time.Millisecond, Latency: time.Millisecond,
				ErrorRate: 0.02, DropRate: 0.01, Crash: 0.25, Record: true,
			},
		}
		require.JSONEq(t, natively(t, o), inChromium(t, p, o), "seed %d", seed)
	}
}

func natively(t *testing.T, o sim.Options) string {
	t.Helper()
	world, err := sim.NewWorld(o)
	require.NoError(t, err)
	for world.Advance(1000) {
		continue
	}
	report, err := json.Marshal(world.Report())
	require.NoError(t, err)
	return string(report)
}

// inChromium runs the same in the page's worker.
func inChromium(t *testing.T, p tab, o sim.Options) string {
	t.Helper()
	server := "old"
	if o.World.Ours {
		server = "ours"
	}
	options := fmt.Sprintf(`{ strategy: '%s', queries: %d, maxResources: %d, unknown: %g, seed: %d, clients: %d, workers: %d, timeoutMs: %d, server: '%s',
		readTimeMs: %d, latencyMs: %d, errorRate: %g, dropRate: %g, crash: %g }`,
		o.Strategy, o.Queries, o.MaxResources, o.Unknown, o.Seed, o.Clients, o.Workers, o.Timeout.Milliseconds(), server,
		o.World.ReadTime.Milliseconds(), o.World.Latency.Milliseconds(), o.World.ErrorRate, o.World.DropRate, o.World.Crash)
	return eval[string](t, p, `new Promise((done) => {
		window.worker ??= new Worker('worker.js', { type: 'module' });
		window.worker.onmessage = ({ data: { report, error } }) => { if (report || error) done(JSON.stringify(report ?? error)); };
		window.worker.postMessage({ type: 'run', id: 'test', options: `+options+` });
	})`)
}
