package compute

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"runtime"
	"slices"
	"time"

	"lockstep/shared/pi"
)

// Local estimates pi in this process.
type Local struct {
	Pool        *pi.Pool
	Simulations int64 // MinSimulations to MaxRun
	Concurrency int   // goroutines at most, and parts of the distribution, at least 1
	Seed        int64 // 0 to MaxSeed

	// Record asks for the estimates on the way, at about a hundred numbers of simulations
	// whose logarithms are as far from each other.
	Record bool
}

// tellEvery is how often progress is told, about.
const tellEvery = 100 * time.Millisecond

// Run estimates pi. It tells the estimate so far, again and again, and returns those
// that it was to record, also with an error. The error is ctx's cause.
func (l Local) Run(ctx context.Context, tell func(Point)) (Answer, []Point, error) {
	began := time.Now()
	var inside int64
	var all []Point
	marks := l.marks()
	stride := int64(pi.Block) // how fast a machine is shows
	for from := int64(0); from < l.Simulations; {
		full := from/pi.Block*pi.Block + int64(l.Concurrency)*stride // to the end of a block
		to, start := min(full, l.Simulations), time.Now()
		if len(marks) > 0 {
			to = min(to, marks[0])
		}
		count, err := l.Pool.Count(ctx, uint64(l.Seed), pi.Range{From: from, N: to - from}, l.Concurrency) //nolint:gosec // not negative
		if err != nil {
			return Answer{}, all, cmp.Or(context.Cause(ctx), err)
		}
		if to == full && time.Since(start) < tellEvery/2 {
			stride *= 2
		}
		inside, from = inside+count, to
		p := Point{Simulations: to}
		p.Pi, p.StandardError = pi.Estimate(inside, to)
		if len(marks) > 0 && marks[0] == to {
			all, marks = append(all, p), marks[1:]
		}
		tell(p)
		if runtime.GOOS == "js" { // lets its events in, which wait while Go works: also an interrupt
			time.Sleep(time.Millisecond)
		}
	}
	a, err := l.answer(inside, time.Since(began))
	return a, all, err
}

// answer is the service's, but for its limits.
func (l Local) answer(inside int64, took time.Duration) (Answer, error) {
	value, deviation := pi.Estimate(inside, l.Simulations)
	text, err := json.Marshal(struct {
		Simulations   int64   `json:"simulations"`
		Concurrency   int     `json:"concurrency"`
		Pi            float64 `json:"pi"`
		Distribution  []int64 `json:"simulations_distribution"`
		Time          float64 `json:"time"`
		StandardError float64 `json:"standard_error"`
		Seed          int64   `json:"seed"`
	}{l.Simulations, l.Concurrency, value, pi.Distribution(l.Simulations, l.Concurrency), took.Seconds(), deviation, l.Seed})
	if err != nil {
		return Answer{}, err
	}
	return ParseAnswer(text)
}

// recorded is how many estimates are recorded, besides the last.
const recorded = 100

// marks are the numbers of simulations whose estimates are recorded, ascending. Those
// above a block are moved to the end of one, where counting may stop for nothing.
func (l Local) marks() []int64 {
	if !l.Record {
		return nil
	}
	all := []int64{l.Simulations}
	least, most := math.Log(MinSimulations), math.Log(float64(l.Simulations))
	for i := range recorded {
		n := int64(math.Round(math.Exp(least + (most-least)*float64(i)/recorded)))
		if n > pi.Block {
			n = (n + pi.Block/2) / pi.Block * pi.Block
		}
		all = append(all, min(n, l.Simulations))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
