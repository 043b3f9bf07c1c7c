package histories_test

import (
	"math/rand/v2"
	"sync"
	"time"
)

// dice is where chance comes from: the same seed throws the same. Safe for concurrent
// use.
type dice struct {
	mu     sync.Mutex
	source *rand.Rand
}

func newDice(seed, client uint64) *dice { return &dice{source: rand.New(rand.NewPCG(seed, client))} }

// chance is true in that share of all cases.
func (d *dice) chance(share float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source.Float64() < share
}

func (d *dice) between(low, high int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return low + d.source.IntN(high-low+1)
}

func (d *dice) milliseconds(low, high int) time.Duration {
	return time.Duration(d.between(low, high)) * time.Millisecond
}

// some returns n of them, in any order.
func some[T any](d *dice, n int, of []T) []T {
	d.mu.Lock()
	defer d.mu.Unlock()
	var drawn []T
	for _, i := range d.source.Perm(len(of))[:n] {
		drawn = append(drawn, of[i])
	}
	return drawn
}
