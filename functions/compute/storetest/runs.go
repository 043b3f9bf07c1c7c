package storetest

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute"
	"lockstep/shared/failure"
	"lockstep/shared/operation"
	"lockstep/shared/pi"
)

// nowhere is a runner that runs nothing.
type nowhere struct{}

func (nowhere) Start(context.Context, string) error { return nil }

// refusing is a runner that is full.
type refusing struct{ asked string }

func (r *refusing) Start(_ context.Context, id string) error {
	r.asked = id
	return failure.New(failure.Busy, "too many runs wait")
}

type estimate struct {
	Simulations   int64
	Concurrency   int64
	Pi            float64
	Distribution  []int64 `json:"simulations_distribution"`
	Time          *float64
	StandardError float64 `json:"standard_error"`
	Seed          int64
}

var estimates = map[string]test{
	"an estimate": func(t *testing.T, p *place) {
		var got estimate
		mustDecode(t, post(t, p, "pi", user(`"simulations":1000003,"concurrency":8,"seed":7`)), 200, &got)
		require.Equal(t, int64(1000003), got.Simulations)
		require.Equal(t, []int64{125001, 125001, 125001, 125000, 125000, 125000, 125000, 125000}, got.Distribution)
		require.Equal(t, int64(7), got.Seed)
		require.InDelta(t, math.Pi, got.Pi, 5*got.StandardError)
		require.InDelta(t, 1.64/1000, got.StandardError, 1e-5)
		require.NotNil(t, got.Time)
		require.GreaterOrEqual(t, *got.Time, 0.0)
	},
	"the same seed gives the same, however it is divided": func(t *testing.T, p *place) {
		var first estimate
		mustDecode(t, post(t, p, "pi", user(`"simulations":5000001,"seed":42`)), 200, &first)
		require.Equal(t, int64(1), first.Concurrency)
		require.Equal(t, []int64{5000001}, first.Distribution)
		for _, concurrency := range []string{"2", "5", "8"} {
			var got estimate
			mustDecode(t, post(t, p, "pi", user(`"simulations":5000001,"seed":42,"concurrency":`+concurrency)), 200, &got)
			require.Equal(t, first.Pi, got.Pi) //nolint:testifylint // bit for bit
		}
	},
	"without a seed it says which it took": func(t *testing.T, p *place) {
		var one, two, again estimate
		mustDecode(t, post(t, p, "pi", user(`"simulations":100000`)), 200, &one)
		mustDecode(t, post(t, p, "pi", user(`"simulations":100000`)), 200, &two)
		require.NotEqual(t, one.Seed, two.Seed)
		seed, err := json.Marshal(one.Seed)
		require.NoError(t, err)
		mustDecode(t, post(t, p, "pi", user(`"simulations":100000,"seed":`+string(seed))), 200, &again)
		require.Equal(t, one.Pi, again.Pi) //nolint:testifylint // bit for bit
	},
}

// ask runs an operation on a run.
func ask(t *testing.T, p *place, name, id string) operation.Response {
	t.Helper()
	return named(t, p, name).Handle(t.Context(), operation.Request{Path: map[string]string{"id": id}})
}

// step runs a step of a run, as the state machine does.
func step(t *testing.T, p *place, name, event string) (string, error) {
	t.Helper()
	result, err := named(t, p, name).Run(t.Context(), []byte(event))
	return string(result), err
}

// mustStart starts a run of three blocks and a bit in so many shards, and returns its id
// and its count.
func mustStart(t *testing.T, p *place, shards string) (id string, hits int64) {
	t.Helper()
	p.Runner = nowhere{}
	var begun struct{ ID string }
	mustDecode(t, post(t, p, "start-run", user(`"simulations":3200001,"seed":11,"shards":`+shards)), 202, &begun)
	hits, err := p.Pi.Count(t.Context(), 11, pi.Range{N: 3200001}, 2)
	require.NoError(t, err)
	return begun.ID, hits
}

// progress is what is told of a run.
type progress struct {
	ID, State     string
	Done, Of      int
	Pi            *float64
	StandardError *float64 `json:"standard_error"`
	Error         string
	Failed        []struct {
		Shard, Attempts int
		Error           string
	} `json:"failed_shards"`
	Distribution *struct{ Shards, Least, Most int64 } `json:"simulations_distribution"`
	Time         *float64
	Simulations  int64
	Seed         int64
}

func mustLook(t *testing.T, p *place, id string) (got progress) {
	t.Helper()
	mustDecode(t, ask(t, p, "run", id), 200, &got)
	require.Equal(t, id, got.ID)
	return got
}

var runs = map[string]test{
	"503 if too many wait, and the run is none": func(t *testing.T, p *place) {
		full := &refusing{}
		p.Runner = full
		require.Equal(t, 503, post(t, p, "start-run", user(`"simulations":100`)).Status)
		got := mustLook(t, p, full.asked)
		require.Equal(t, "failed", got.State)
		require.Equal(t, "it has not begun: too many runs wait", got.Error)
	},
	"404 for a run of nobody": func(t *testing.T, p *place) {
		for _, name := range []string{"run"} {
			requireError(t, 404, "there is no run 'x'", ask(t, p, name, "x"))
		}
	},
	"step by step, in whatever process, in whatever order": func(t *testing.T, p *place) {
		id, hits := mustStart(t, p, "3")
		require.Equal(t, progress{ID: id, State: "running", Of: 3}, mustLook(t, p, id))
		plan, err := step(t, p, "plan", `{"run":"`+id+`"}`)
		require.NoError(t, err)
		require.JSONEq(t, `{"run":"`+id+`","shards":[0,1,2],"concurrency":4}`, plan)
		for done, shard := range []string{"2", "0", "1"} {
			for range 2 { // also one that runs twice counts once
				_, err := step(t, p.another(t), "shard", `{"run":"`+id+`","shard":`+shard+`}`)
				require.NoError(t, err)
			}
			got := mustLook(t, p, id)
			require.Equal(t, done+1, got.Done)
			require.InDelta(t, math.Pi, *got.Pi, 5**got.StandardError)
		}
		_, err = step(t, p, "merge", `{"run":"`+id+`"}`)
		require.NoError(t, err)
		got := mustLook(t, p.another(t), id)
		want, deviation := pi.Estimate(hits, 3200001)
		require.Equal(t, "done", got.State)
		require.Equal(t, want, *got.Pi)                 //nolint:testifylint // bit for bit
		require.Equal(t, deviation, *got.StandardError) //nolint:testifylint // bit for bit
		require.Equal(t, int64(3200001), got.Simulations)
		require.Equal(t, int64(11), got.Seed)
		require.Equal(t, int64(3), got.Distribution.Shards)
		require.GreaterOrEqual(t, *got.Time, 0.0)
		_, err = step(t, p, "merge", `{"run":"`+id+`"}`) // again: the first end counts
		require.NoError(t, err)
		require.Equal(t, got, mustLook(t, p, id))
	},
	"more shards than there are blocks": func(t *testing.T, p *place) {
		id, hits := mustStart(t, p, "9")
		runAll(t, p, id)
		want, _ := pi.Estimate(hits, 3200001)
		require.Equal(t, want, *mustLook(t, p, id).Pi) //nolint:testifylint // bit for bit
	},
	"a run that failed says which shard, and why": func(t *testing.T, p *place) {
		id, _ := mustStart(t, p, "3")
		p.ShardFaults = map[int]int{1: 99}
		runAll(t, p, id)
		got := mustLook(t, p, id)
		require.Equal(t, "failed", got.State)
		require.Equal(t, "shard 1 failed 6 times: shard 1 is to fail 99 times", got.Error)
		require.Equal(t, 2, got.Done)
		require.Len(t, got.Failed, 1)
		require.Equal(t, 1, got.Failed[0].Shard)
		require.Equal(t, 6, got.Failed[0].Attempts)
	},
	"a shard that fails at first is run again": func(t *testing.T, p *place) {
		id, hits := mustStart(t, p, "3")
		p.ShardFaults = map[int]int{2: 2}
		runAll(t, p, id)
		want, _ := pi.Estimate(hits, 3200001)
		got := mustLook(t, p, id)
		require.Equal(t, "done", got.State)
		require.Equal(t, want, *got.Pi) //nolint:testifylint // bit for bit
	},
	"it can be followed to its end": func(t *testing.T, p *place) {
		id, _ := mustStart(t, p, "3")
		lines := make(chan progress, 100)
		followed := make(chan error, 1)
		go func() {
			defer close(lines)
			followed <- named(t, p, "run-progress").Stream(t.Context(), operation.Request{Path: map[string]string{"id": id}}, sink{lines})
		}()
		require.Equal(t, "running", (<-lines).State)
		runAll(t, p.another(t), id)
		var last progress
		for last = range lines {
		}
		require.NoError(t, <-followed)
		require.Equal(t, "done", last.State)
	},
	"for as long as one asks for": func(t *testing.T, p *place) {
		id, _ := mustStart(t, p, "3")
		lines := make(chan progress, 100)
		follow := func(ms string) {
			require.NoError(t, named(t, p, "run-progress").Stream(t.Context(),
				operation.Request{Path: map[string]string{"id": id}, Query: map[string]string{"for_ms": ms}}, sink{lines}))
		}
		follow("0")
		require.Equal(t, "running", (<-lines).State)
		for _, wrong := range []string{"-1", "600001", "x"} {
			follow(wrong)
			require.Contains(t, (<-lines).Error, "for_ms must be")
		}
		require.Empty(t, lines)
	},
}

// sink takes a stream's lines.
type sink struct{ lines chan<- progress }

func (s sink) Begin(int, map[string]string) {}
func (s sink) Send(part []byte) error {
	var p progress
	err := json.Unmarshal(part, &p)
	s.lines <- p
	return err
}

// runAll runs a run by a pool, to its end.
func runAll(t *testing.T, p *place, id string) {
	t.Helper()
	compute.NewPool(p.Service).RunNow(t.Context(), id)
}

var steps = map[string]test{
	"of a run of nobody fail": func(t *testing.T, p *place) {
		for _, name := range []string{"plan", "shard", "merge"} {
			_, err := step(t, p, name, `{"run":"x","shard":0}`)
			require.ErrorIs(t, err, compute.ErrNoSuchRun, name)
		}
	},
	"of a shard of nobody fails": func(t *testing.T, p *place) {
		id, _ := mustStart(t, p, "3")
		for _, shard := range []string{"-1", "3"} {
			_, err := step(t, p, "shard", `{"run":"`+id+`","shard":`+shard+`}`)
			require.ErrorContains(t, err, "has no shard "+shard)
		}
	},
	"ten thousand shards": func(t *testing.T, p *place) {
		p.Runner = nowhere{}
		var begun struct{ ID string }
		mustDecode(t, post(t, p, "start-run", user(`"simulations":1000000000000000`+`,"shards":10000`)), 202, &begun)
		plan, err := step(t, p, "plan", `{"run":"`+begun.ID+`"}`)
		require.NoError(t, err)
		require.Less(t, len(plan), 256<<10, "what a state hands on is limited")
	},
}
