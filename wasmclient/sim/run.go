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

// Run asks the queries from that many workers, each one after the other, in order
// of the list. A query has timeout to be answered. When ctx ends, queries that were
// not answered fail with its cause. Progress, if not nil, is called after each
// query with how many are done, by any worker.
func Run(ctx context.Context, q Querier, queries [][]int64, workers int, timeout time.Duration, progress func(done int)) (samples []Sample, makespan time.Duration) {
	samples = make([]Sample, len(queries))
	begin := time.Now()
	var next, done atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, len(queries)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(queries) {
					return
				}
				samples[i] = ask(ctx, q, queries[i], timeout, begin)
				if n := int(done.Add(1)); progress != nil {
					progress(n)
				}
			}
		})
	}
	wg.Wait()
	return samples, time.Since(begin)
}

func ask(ctx context.Context, q Querier, ids []int64, timeout time.Duration, begin time.Time) Sample {
	s := Sample{Resources: len(ids), Start: time.Since(begin)}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not answered within %s", timeout))
	defer cancel()
	states, err := q.Query(ctx, ids...)
	s.Latency = time.Since(begin) - s.Start
	s.Err = err
	if err == nil {
		s.Err = complete(states, ids)
	}
	return s
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
