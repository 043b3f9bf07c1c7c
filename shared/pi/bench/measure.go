package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"lockstep/shared/pi"
)

// contender is a program that counts, when it is given the number of samples.
type contender struct {
	name    string
	command []string
	n       int64
	rounds  []measurement
}

type measurement struct {
	inside    int64
	cpu, wall time.Duration
}

// measure lets the contenders count in turn, round after round, so that what else the
// machine does meets them all.
func measure(contenders []*contender, n int64, rounds int) error {
	for range rounds {
		for _, c := range contenders {
			if err := c.count(n); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

// count runs the contender once. An estimate further than 5 standard errors from pi is
// an error: it is no use to be fast and wrong.
func (c *contender) count(n int64) error {
	command := exec.Command(c.command[0], append(slices.Clone(c.command[1:]), strconv.FormatInt(n, 10))...) //nolint:gosec,noctx // what the user names; it ends by itself
	command.Env = []string{"PATH=" + os.Getenv("PATH")}                                                     // Go in Node can't bear a large environment
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return err
	}
	var m measurement
	if _, err := fmt.Fscan(bytes.NewReader(out), &m.inside, (*int64)(&m.cpu), (*int64)(&m.wall)); err != nil {
		return err
	}
	c.n = n
	c.rounds = append(c.rounds, m)
	if estimate, standardError := pi.Estimate(m.inside, n); math.Abs(estimate-math.Pi) > 5*standardError {
		return fmt.Errorf("pi is not %v", estimate)
	}
	return nil
}

func cpu(m measurement) time.Duration  { return m.cpu }
func wall(m measurement) time.Duration { return m.wall }

// speeds returns the samples per second of each round.
func (c *contender) speeds(clock func(measurement) time.Duration) []float64 {
	speeds := make([]float64, len(c.rounds))
	for i, m := range c.rounds {
		speeds[i] = float64(c.n) / clock(m).Seconds()
	}
	return speeds
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
