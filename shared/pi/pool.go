package pi

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Pool counts on a number of cores, and on no more however many counts there are at
// once: they take turns, a Block a turn. A process makes one, for all its work.
type Pool struct {
	sampler *Sampler
	cores   int
	turns   *semaphore.Weighted
}

// NewPool returns a pool on that many cores, at least 1.
func NewPool(sampler *Sampler, cores int) *Pool {
	return &Pool{sampler: sampler, cores: cores, turns: semaphore.NewWeighted(int64(cores))}
}

// Sampler returns the one that the pool counts with.
func (p *Pool) Sampler() *Sampler { return p.sampler }

// Count is Sampler.Count by at most concurrency (at least 1) goroutines. Each takes
// the next block when it is done with one, so that none waits for a slow one: what
// each has counted is not known in advance. Who is to be told how the work was divided
// is told Distribution(r.N, concurrency), which has no bearing on the count.
func (p *Pool) Count(ctx context.Context, seed uint64, r Range, concurrency int) (int64, error) {
	if !r.valid() {
		return 0, ErrRange
	}
	workers := min(int64(concurrency), int64(p.cores), r.blocks())
	if workers <= 1 {
		return p.work(ctx, seed, r, new(atomic.Int64))
	}
	var next, total atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			count, err := p.work(ctx, seed, r, &next)
			total.Add(count)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return total.Load(), nil
}

// work counts blocks of r, always the next that nobody has taken, to the last.
func (p *Pool) work(ctx context.Context, seed uint64, r Range, next *atomic.Int64) (int64, error) {
	total := int64(0)
	for i := next.Add(1) - 1; i < r.blocks(); i = next.Add(1) - 1 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := p.turns.Acquire(ctx, 1); err != nil {
			return 0, err
		}
		total += p.sampler.countBlock(seed, r, i)
		p.turns.Release(1)
		pause(i)
	}
	return total, nil
}
