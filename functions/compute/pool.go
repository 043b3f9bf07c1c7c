package compute

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

// How a Pool runs shards: each is tried so often, with pauses of up to the first one,
// then twice that, and so on. The state machine does likewise.
const (
	shardTries  = 6
	firstPause  = 100 * time.Millisecond
	runsWaiting = 100
)

// Pool is a Runner that runs the state machine's steps in this process, one run after
// the other. Use NewPool.
type Pool struct {
	runs  chan string
	steps map[string]operation.Operation
}

var _ Runner = (*Pool)(nil)

// NewPool returns a pool that takes the service's tasks, and makes it the service's
// runner.
func NewPool(s *Service) *Pool {
	p := &Pool{runs: make(chan string, runsWaiting), steps: map[string]operation.Operation{}}
	for _, o := range s.Tasks() {
		p.steps[o.Name] = o
	}
	s.Runner = p
	return p
}

// Start implements Runner. Errors: failure.Busy if too many runs wait.
func (p *Pool) Start(_ context.Context, id string) error {
	select {
	case p.runs <- id:
		return nil
	default:
		return &failure.Error{Code: failure.Busy, Message: "too many runs wait", RetryAfter: 10 * time.Second}
	}
}

// Serve runs what is started until ctx is done. A run that is under way then ends as
// one that failed.
func (p *Pool) Serve(ctx context.Context) {
	for {
		select {
		case id := <-p.runs:
			p.RunNow(ctx, id)
		case <-ctx.Done():
			return
		}
	}
}

// RunNow runs a run that the store has, to its end. It does not fail: how the run ended,
// the store tells.
func (p *Pool) RunNow(ctx context.Context, id string) {
	var todo planned
	if err := p.step(ctx, "plan", task{id}, &todo); err != nil {
		return // logged; the run stays as it is
	}
	var group errgroup.Group
	group.SetLimit(todo.Concurrency)
	for _, shard := range todo.Shards {
		group.Go(func() error { return p.retried(ctx, shardTask{id, shard}) })
	}
	_ = group.Wait() // what failed, the merge tells
	for pause := firstPause; ; pause *= 2 {
		if err := p.step(context.WithoutCancel(ctx), "merge", task{id}, new(merged)); err == nil || ctx.Err() != nil || pause > time.Minute {
			return
		}
		sleep(ctx, rand.N(pause)) //nolint:gosec // jitter
	}
}

// retried runs a shard until it is done, or has failed too often.
func (p *Pool) retried(ctx context.Context, in shardTask) (err error) {
	for try, pause := 1, firstPause; try <= shardTries && ctx.Err() == nil; try, pause = try+1, pause*2 {
		if err = p.step(ctx, "shard", in, new(struct{})); err == nil {
			return nil
		}
		sleep(ctx, rand.N(pause)) //nolint:gosec // jitter
	}
	return err
}

// step runs a task as the state machine does: with its input and output as JSON.
func (p *Pool) step(ctx context.Context, name string, in, out any) error {
	event, err := json.Marshal(in)
	if err != nil {
		return err
	}
	result, err := p.steps[name].Run(ctx, event)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(result, out); err != nil {
		slog.ErrorContext(ctx, "a step's output", "step", name, "error", err.Error())
		return err
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
