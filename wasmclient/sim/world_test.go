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

// The ladder: what each step is worth, in numbers that hold on every platform.
func TestTheLadder(t *testing.T) {
	t.Parallel()
	var before sim.Report
	for i, strategy := range syncquery.Strategies() {
		r := runWorld(t, usual(t, strategy)).Report()
		require.Zero(t, r.Failed, r.FirstError)
		require.Zero(t, r.BadReads)
		require.Empty(t, r.LocksLeft)
		require.Equal(t, 1000, r.Queries)
		if i > 0 {
			require.Less(t, 3*r.Makespan, before.Makespan, "%s after %s", strategy, before.Strategy)
		}
		before = r
	}
	require.LessOrEqual(t, before.CallsPerQuery, 0.75)
	require.LessOrEqual(t, before.Latency.Max, 0.35)
}

// The usual client's figures: what it asks of a server is known.
func TestWhatTheBaselineAsksFor(t *testing.T) {
	t.Parallel()
	r := runWorld(t, usual(t, syncquery.Baseline)).Report()
	require.InDelta(t, 5, r.LocksPerQuery, 0.2, "one endpoint an id, 0 to 10 of them")
	require.InDelta(t, 18, r.CallsPerQuery, 1.5)
}

// Queries that arrive by themselves, few and many.
func TestAnOpenLoop(t *testing.T) {
	t.Parallel()
	for rate, most := range map[float64]sim.Latency{20: {Mean: 0.16, P99: 0.36}, 400: {Mean: 0.23, P99: 0.36}} {
		o := usual(t, syncquery.Group)
		o.Rate = rate
		r := runWorld(t, o).Report()
		require.Zero(t, r.Failed)
		require.InEpsilon(t, 1000/rate, r.Makespan, 0.1, "they come at the rate")
		require.LessOrEqual(t, r.Latency.Mean, most.Mean)
		require.LessOrEqual(t, r.Latency.P99, most.P99)
	}
}

// Our server makes the readings itself: one call each, and none of a lock.
func TestOurServer(t *testing.T) {
	t.Parallel()
	o := usual(t, syncquery.Group)
	o.World.Ours, o.Clients, o.Queries, o.World.Record = true, 4, 250, true
	w := runWorld(t, o)
	r := w.Report()
	require.Zero(t, r.Failed, r.FirstError)
	require.Empty(t, r.LocksLeft)
	require.Less(t, r.CallsPerQuery, 0.1)
	held := map[int32]bool{}
	for i, kind := range w.Trace().Kind {
		switch syncquery.HappeningKind(kind) {
		case syncquery.Locked:
			require.False(t, held[w.Trace().Endpoint[i]], "one holder an endpoint")
			held[w.Trace().Endpoint[i]] = true
		case syncquery.Unlocked:
			delete(held, w.Trace().Endpoint[i])
		}
	}
	require.Empty(t, held)
}

// Every flaw shows: errors, lost answers, hung calls, crashes.
func TestFlaws(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		world sim.WorldOptions
		shows func(*testing.T, sim.Report)
	}{
		"errors": {sim.WorldOptions{ErrorRate: 0.05}, func(t *testing.T, r sim.Report) {
			require.Zero(t, r.Failed, "what was not done is done again")
		}},
		"lost answers": {sim.WorldOptions{DropRate: 0.01}, func(t *testing.T, r sim.Report) {
			require.NotEmpty(t, r.PossiblyLocked)
			require.Subset(t, r.PossiblyLocked, r.LocksLeft)
		}},
		"hung calls": {sim.WorldOptions{HangRate: 0.01}, func(t *testing.T, r sim.Report) {
			require.NotEmpty(t, r.PossiblyLocked)
			require.Greater(t, r.Makespan, 10.0, "a call is given up after 10 s")
		}},
		"crashes": {sim.WorldOptions{Crash: 1}, func(t *testing.T, r sim.Report) {
			require.Equal(t, r.Queries, r.Failed+answered(r))
			require.NotZero(t, r.Failed)
			require.Contains(t, r.FirstError, "crashed")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := usual(t, syncquery.Group)
			o.Timeout, o.Workers = 30*time.Second, 20
			c.world.Registry, c.world.ReadTime, c.world.Latency = o.World.Registry, o.World.ReadTime, o.World.Latency
			o.World = c.world
			r := runWorld(t, o).Report()
			require.Zero(t, r.BadReads)
			c.shows(t, r)
		})
	}
}

func answered(r sim.Report) int { return r.Queries - r.Failed }

// A world that is stopped has an end: what was not answered has failed.
func TestStop(t *testing.T) {
	t.Parallel()
	w, err := sim.NewWorld(usual(t, syncquery.Baseline))
	require.NoError(t, err)
	require.True(t, w.Advance(5000))
	w.Stop()
	require.False(t, w.Advance(5000))
	r := w.Report()
	require.Equal(t, w.Total(), r.Queries)
	require.Equal(t, w.Total()-w.Done(), r.Failed)
	require.NotZero(t, w.Done())
	require.Equal(t, "stopped", r.FirstError)
}

func TestAWorldThatCanNotBe(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*sim.Options){
		"workers":    func(o *sim.Options) { o.Workers = 0 },
		"timeout":    func(o *sim.Options) { o.Timeout = 0 },
		"rate":       func(o *sim.Options) { o.Rate = -1 },
		"clients":    func(o *sim.Options) { o.Clients = 65 },
		"queries":    func(o *sim.Options) { o.Queries = 0 },
		"read-time":  func(o *sim.Options) { o.World.ReadTime = -1 },
		"latency":    func(o *sim.Options) { o.World.Latency = 2 * time.Hour },
		"error-rate": func(o *sim.Options) { o.World.ErrorRate = 1.1 },
		"drop-rate":  func(o *sim.Options) { o.World.DropRate = -0.1 },
		"hang-rate":  func(o *sim.Options) { o.World.HangRate = 2 },
		"crash":      func(o *sim.Options) { o.World.Crash = 2 },
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			o := usual(t, syncquery.Group)
			change(&o)
			_, err := sim.NewWorld(o)
			var wrong *sim.FieldError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, field, wrong.Field)
			require.ErrorContains(t, err, field+" must be")
		})
	}
}
