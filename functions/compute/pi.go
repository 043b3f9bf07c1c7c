package compute

import (
	"context"
	"math/rand/v2"
	"time"

	"lockstep/shared/pi"
)

// MaxSimulations is how many simulations one request has at most.
const MaxSimulations = 100_000_000

// piAnswer is an estimate of pi.
type piAnswer struct {
	Simulations  int64   `json:"simulations"`
	Concurrency  int64   `json:"concurrency"`
	Pi           float64 `json:"pi"`
	Distribution []int64 `json:"simulations_distribution"`
	Time         float64 `json:"time"` // seconds
	Error        float64 `json:"standard_error"`
	Seed         int64   `json:"seed"`
}

// pi estimates pi on the cores that there are. The same seed gives the same pi,
// however the work is divided.
func (s *Service) pi(ctx context.Context, in userRequest) (piAnswer, error) {
	c, err := s.admit(ctx, in)
	if err != nil {
		return piAnswer{}, err
	}
	a, err := c.estimate()
	if err != nil {
		return piAnswer{}, s.refuse(ctx, c, err)
	}
	began := time.Now()
	hits, err := s.Pi.Count(ctx, uint64(a.Seed), pi.Range{N: a.Simulations}, int(a.Concurrency)) //nolint:gosec // not negative
	if err != nil {
		return piAnswer{}, err
	}
	a.Pi, a.Error = pi.Estimate(hits, a.Simulations)
	a.Distribution, a.Time = pi.Distribution(a.Simulations, int(a.Concurrency)), seconds(time.Since(began))
	return a, nil
}

// estimate reads what is to be estimated, in the contract's order.
func (c call) estimate() (a piAnswer, err error) {
	if a.Simulations, err = c.mustInteger("simulations", minSimulations, MaxSimulations); err != nil {
		return a, err
	}
	if a.Concurrency, err = c.integerOr("concurrency", 1, maxConcurrency, 1); err != nil {
		return a, err
	}
	a.Seed, err = c.seed()
	return a, err
}

// seed reads the seed; without one it is a random one.
func (c call) seed() (int64, error) { return c.integerOr("seed", 0, maxSeed, rand.Int64N(maxSeed+1)) } //nolint:gosec // no secret
