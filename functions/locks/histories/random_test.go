package histories_test

import (
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

var (
	firstSeed = flag.Uint64("seed", 1, "the seed of the first random history; the others have the next ones")
	histories = flag.Uint64("histories", 6, "how many random histories there are; `make test-histories` has 40")
)

// What is done at random.
const (
	operations = 250 // of a history, at least
	atOnce     = 16  // histories on DynamoDB: in each of them mostly everybody waits
)

// sevenResources is what endpoints serve: one resource each, and two of them one more.
var sevenResources = map[string][]int64{"e0": {0, 6}, "e1": {1, 6}, "e2": {2}, "e3": {3}, "e4": {4}, "e5": {5}}

// randomWorld returns one for a random history.
func randomWorld(t testing.TB, g ground, seed uint64) *world {
	t.Helper()
	w := newWorld(t, g, sevenResources)
	w.skew = 500 * time.Millisecond
	if seed%8 == 0 { // far more than evictions allow for
		w.skew = 2 * time.Second
	}
	return w
}

// anything is what clients of a random history do.
func (w *world) anything(d *dice) habits {
	return habits{
		updates: 50, queries: 42,
		few: func(of int) int { return min(of, d.between(1, 3), d.between(1, 3)) },
		change: func(reads map[int64]string) map[int64]string {
			writes := map[int64]string{}
			for id := range reads {
				writes[id] = w.value()
			}
			return writes
		},
	}
}

// seeds runs a test of each random history.
func seeds(t *testing.T, test func(t *testing.T, seed uint64)) {
	t.Helper()
	for seed := *firstSeed; seed < *firstSeed+*histories; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { test(t, seed) })
	}
}

// In virtual time a seed brings about the same history again, or nearly so.
func TestRandomHistoriesInMemory(t *testing.T) {
	t.Parallel()
	seeds(t, func(t *testing.T, seed uint64) {
		t.Parallel()
		var w *world
		synctest.Test(t, func(t *testing.T) {
			defer time.Sleep(time.Minute) // until the last of the dead knows it
			w = randomWorld(t, inMemory(), seed)
			w.live(seed, w.anything(newDice(seed, clients)), operations)
		})
		w.requireRight(t) // in real time, of which it has so much
	})
}

// On DynamoDB there are faults too.
func TestRandomHistoriesOnDynamoDB(t *testing.T) {
	t.Parallel()
	worlds, over, running := map[uint64]*world{}, map[uint64]chan struct{}{}, make(chan struct{}, atOnce)
	for seed := *firstSeed; seed < *firstSeed+*histories; seed++ {
		worlds[seed], over[seed] = randomWorld(t, onDynamoDB(t), seed), make(chan struct{})
	}
	for seed, w := range worlds {
		go func() {
			defer close(over[seed])
			running <- struct{}{}
			defer func() { <-running }()
			w.live(seed, w.anything(newDice(seed, clients)), operations)
		}()
	}
	seeds(t, func(t *testing.T, seed uint64) {
		<-over[seed]
		worlds[seed].requireRight(t)
	})
}
