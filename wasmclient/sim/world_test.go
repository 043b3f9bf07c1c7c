package sim_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

func theRegistry(t testing.TB) syncquery.Registry {
	t.Helper()
	text, err := os.ReadFile("../../testdata/registry.json")
	require.NoError(t, err)
	registry, err := syncquery.ParseRegistry(text)
	require.NoError(t, err)
	return registry
}

// usual is the run that everything is measured by: 1,000 queries of 100 workers.
func usual(t testing.TB, strategy syncquery.Strategy) sim.Options {
	t.Helper()
	return sim.Options{
		Workload: sim.Workload{Queries: 1000, MaxResources: 10, Seed: 1},
		Strategy: strategy, Workers: 100, Timeout: 2 * time.Minute,
		World: sim.WorldOptions{Registry: theRegistry(t), ReadTime: 100 * time.Millisecond, Latency: time.Millisecond},
	}
}

func runWorld(t testing.TB, o sim.Options) *sim.World {
	t.Helper()
	w, err := sim.NewWorld(o)
	require.NoError(t, err)
	for w.Advance(1 << 20) {
	}
	return w
}

func TestTry(t *testing.T) {
	for _, s := range syncquery.Strategies() {
		begin := time.Now()
		o := usual(t, s)
		o.Timeout = time.Hour
		w := runWorld(t, o)
		took := time.Since(begin)
		r := w.Report()
		_ = sim.WriteTable(os.Stdout, r)
		t.Log(took, r.Hash, r.Events, r.BadReads, r.LocksLeft)
	}
	for _, clients := range []int{2, 4} {
		for range 1 {
			o := usual(t, syncquery.Group)
			o.Clients, o.Workers, o.Queries = clients, 25, 250
			begin := time.Now()
			w := runWorld(t, o)
			took := time.Since(begin)
			r := w.Report()
			_ = sim.WriteTable(os.Stdout, r)
			t.Log(took, r.Hash, r.Events, r.BadReads, r.LocksLeft)
		}
	}
	for _, rate := range []float64{20, 400} {
		o := usual(t, syncquery.Group)
		o.Rate = rate
		begin := time.Now()
		w := runWorld(t, o)
		took := time.Since(begin)
		r := w.Report()
		_ = sim.WriteTable(os.Stdout, r)
		t.Log(took, r.Hash, r.Events, r.BadReads, r.LocksLeft)
	}
	o := usual(t, syncquery.Group)
	o.World.Ours = true
	r := runWorld(t, o).Report()
	_ = sim.WriteTable(os.Stdout, r)
}
