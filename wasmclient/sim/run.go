package sim

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Querier answers synchronized queries, as syncquery.Client does.
type Querier interface {
	Query(ctx context.Context, ids ...int64) (map[int64]string, error)
}

// Sample is one query of a run.
type Sample struct {
	Resources int           // how many ids it named
	Start     time.Duration // since the run began
	Latency   time.Duration // from asking to the answer, or to the failure
	Err       error
}

// Run asks the queries: from the options' workers, each one after the other, in order of
// the list, or at the options' rate, whoever is still waiting. A query has the options'
// timeout to be answered. When ctx ends, queries that were not answered fail with its
// cause. Progress, if not nil, is called after each query with how many are done, by any
// worker.
func Run(ctx context.Context, q Querier, queries [][]int64, o Options, progress func(done int)) (samples []Sample, makespan time.Duration) {
	r := &run{querier: q, queries: queries, timeout: o.Timeout, progress: progress, samples: make([]Sample, len(queries)), asked: make([]bool, len(queries)), begin: time.Now()}
	if o.Rate > 0 {
		r.atRate(ctx, o)
	} else {
		r.byWorkers(ctx, o.Workers)
	}
	makespan = time.Since(r.begin)
	for i := range r.samples { // those that a run which ended early never asked
		if s := &r.samples[i]; !r.asked[i] {
			*s = Sample{Resources: len(r.queries[i]), Start: makespan, Err: context.Cause(ctx)}
		}
	}
	return r.samples, makespan
}

// run is a run that is under way.
type run struct {
	querier  Querier
	queries  [][]int64
	timeout  time.Duration
	progress func(done int)
	samples  []Sample
	asked    []bool
	begin    time.Time
	done     atomic.Int64
}

func (r *run) byWorkers(ctx context.Context, workers int) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, len(r.queries)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(r.queries) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				r.ask(ctx, i)
			}
		})
	}
	wg.Wait()
}

// atRate lets the queries arrive as a Poisson process does, at the same times as in a
// world of the same seed.
func (r *run) atRate(ctx context.Context, o Options) {
	arrivals := newChance(o.Seed, chanceOfArrivals)
	var wg sync.WaitGroup
	var at time.Duration
	for i := range r.queries {
		select {
		case <-time.After(at - time.Since(r.begin)):
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() { r.ask(ctx, i) })
		at += arrivals.exponential(meanGap(o.Rate))
	}
	wg.Wait()
}

// ask asks the query of that number.
func (r *run) ask(ctx context.Context, i int) {
	ids := r.queries[i]
	r.asked[i] = true
	s := Sample{Resources: len(ids), Start: time.Since(r.begin)}
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, fmt.Errorf("not answered within %s", r.timeout))
	defer cancel()
	states, err := r.querier.Query(ctx, ids...)
	s.Latency = time.Since(r.begin) - s.Start
	if err == nil {
		err = complete(states, ids)
	}
	s.Err = err
	r.samples[i] = s
	if n := int(r.done.Add(1)); r.progress != nil {
		r.progress(n)
	}
}

// complete checks that an answer has just the resources that were asked for.
func complete(states map[int64]string, ids []int64) error {
	if len(states) != len(ids) {
		return fmt.Errorf("the answer has %d resources, asked were %d", len(states), len(ids))
	}
	for _, id := range ids {
		if _, ok := states[id]; !ok {
			return fmt.Errorf("the answer lacks resource %d", id)
		}
	}
	return nil
}
