package compute

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"lockstep/shared/failure"
	"lockstep/shared/operation"
)

// Limits of a run.
const (
	minSimulations = 100
	MaxRun         = 1_000_000_000_000_000 // simulations
	MaxShards      = 10_000
	MaxShard       = 100_000_000_000 // simulations

	// defaultShard is how many simulations a shard has by default, at most: some seconds
	// of one core.
	defaultShard = 10_000_000_000
)

// Runner starts runs: on a state machine, or in the process.
type Runner interface {
	// Start starts a run that the store has, and does not wait for it. Errors:
	// failure.Busy, and the run has not begun; else it may have.
	Start(ctx context.Context, id string) error
}

// started is the answer to a run that has begun.
type started struct {
	ID string `json:"id"`
}

// Success says that it is not done yet.
func (started) Success() operation.Success { return operation.Accepted }

// startRun estimates pi beyond one machine, in shards that are run by themselves.
func (s *Service) startRun(ctx context.Context, in userRequest) (started, error) {
	c, err := s.admit(ctx, in)
	if err != nil {
		return started{}, err
	}
	r, err := c.run()
	if err != nil {
		return started{}, s.refuse(ctx, c, err)
	}
	r.ID, r.Began = rand.Text(), time.Now().Truncate(time.Millisecond)
	if err := s.Store.CreateRun(ctx, r); err != nil {
		return started{}, err
	}
	if err := s.Runner.Start(ctx, r.ID); err != nil {
		return started{}, errors.Join(err, s.forgo(ctx, r.ID, err))
	}
	return started{r.ID}, nil
}

// forgo ends a run that has not begun for sure.
func (s *Service) forgo(ctx context.Context, id string, why error) error {
	if failure.Of(why).Code != failure.Busy {
		return nil
	}
	return s.Store.EndRun(ctx, id, End{At: time.Now().Truncate(time.Millisecond), Error: "it has not begun: " + failure.Of(why).Message})
}

// run reads what a run is to be.
func (c call) run() (r Run, err error) {
	if r.Simulations, err = c.mustInteger("simulations", minSimulations, MaxRun); err != nil {
		return r, err
	}
	otherwise := max(1, (r.Simulations+defaultShard-1)/defaultShard)
	shards, err := c.integerOr("shards", 1, min(MaxShards, r.Simulations), min(otherwise, MaxShards))
	if err != nil {
		return r, err
	}
	if (r.Simulations+shards-1)/shards > MaxShard {
		return r, invalid("shards")
	}
	r.Shards = int(shards)
	r.Seed, err = c.seed()
	return r, err
}
