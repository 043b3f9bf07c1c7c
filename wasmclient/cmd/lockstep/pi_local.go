package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"

	"lockstep/shared/pi"
	"lockstep/wasmclient/compute"
)

// piLocal is how pi is estimated in this process.
type piLocal struct {
	Local   bool   `help:"Estimate pi in this process, without a service."`
	Variant string `enum:",auto,portable,avx2" default:"" placeholder:"auto" help:"The sampler, with --local: auto (the fastest that this machine has), portable or avx2. They differ in speed only."`
	Cores   *int   `placeholder:"N" help:"How many cores to use, with --local; all by default."`
}

// maxParts is how many parts work may be divided into here.
const maxParts = 1000

func (c piCommand) validateLocal() error {
	_, err := pi.New(c.variant())
	return errors.Join(err, from1("--cores", c.Cores, maxParts), from1("--concurrency", c.Concurrency, maxParts), c.upTo(compute.MaxRun, ""))
}

func (c piCommand) variant() pi.Variant { return cmp.Or(pi.Variant(c.Variant), pi.Auto) }

// here estimates pi in this process.
func (c piCommand) here(ctx context.Context, s streams) error {
	sampler, err := pi.New(c.variant())
	if err != nil {
		return err
	}
	file, err := c.create() // before the run, which would be lost on a path that can't be written
	if err != nil {
		return err
	}
	cores := or(c.Cores, runtime.GOMAXPROCS(0))
	work := compute.Local{
		Pool: pi.NewPool(sampler, cores), Simulations: int64(c.Simulations), Concurrency: or(c.Concurrency, cores),
		Seed: or(c.Seed, rand.Int64N(compute.MaxSeed+1)), Record: c.Plot != "", //nolint:gosec // no secret
	}
	bar := newProgress(s.err, int(c.Simulations))
	var last compute.Point
	answer, points, err := work.Run(ctx, func(p compute.Point) {
		last = p
		share := float64(p.Simulations) / float64(c.Simulations)
		bar.draw(int(p.Simulations), int(c.Simulations), fmt.Sprintf("%5.1f%% %s", 100*share, estimate(p)))
	})
	bar.clear()
	if err != nil {
		return errors.Join(c.stopped(last, err), c.draw(file, points))
	}
	return errors.Join(c.draw(file, points), c.print(s.out, answer))
}

// stopped is the error of an estimate that was stopped.
func (c piCommand) stopped(last compute.Point, err error) error {
	if last.Simulations == 0 {
		return fmt.Errorf("stopped before the first simulations were counted: %w", err)
	}
	return fmt.Errorf("stopped after %s of %s simulations, by which pi is %v, with a standard error of %.3g: %w",
		compute.Grouped(last.Simulations), compute.Grouped(int64(c.Simulations)), last.Pi, last.StandardError, err)
}
