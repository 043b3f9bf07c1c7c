package sim_test

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

var (
	worlds    = flag.Int("worlds", manyWorlds(), "how many random worlds are simulated")
	firstSeed = flag.Uint64("seed", 0, "the seed of the first of them")
)

// manyWorlds is fewer where the tests run as WebAssembly, slowly and beside the native ones.
func manyWorlds() int {
	if runtime.GOOS == "js" {
		return 30
	}
	return 300
}

// What must hold in every world; that of a seed is run again by
// `lockstep simulate --replay SEED`.
func TestWorlds(t *testing.T) {
	t.Parallel()
	var next atomic.Uint64
	var worst atomic.Int64 // in millionths
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < uint64(*worlds) && !t.Failed(); i = next.Add(1) - 1 {
				share := requireWell(t, *firstSeed+i)
				for was := worst.Load(); int64(share*1e6) > was && !worst.CompareAndSwap(was, int64(share*1e6)); was = worst.Load() {
				}
			}
		})
	}
	wg.Wait()
	t.Logf("the longest wait was %.2f of its bound", float64(worst.Load())/1e6)
}

// requireWell runs the world of a seed, holds it to its promises, and returns how much of
// its bound the longest wait took.
func requireWell(t *testing.T, seed uint64) (share float64) {
	t.Helper()
	o := sim.RandomWorld(seed)
	o.World.Record = true
	w, err := sim.NewWorld(o)
	is := fmt.Sprintf("lockstep simulate --replay %d", seed)
	if err != nil {
		assert.Fail(t, err.Error(), is)
		return 0
	}
	for w.Advance(1 << 16) {
		if w.Now() > time.Hour {
			assert.Fail(t, "it never ends", is)
			return 0
		}
	}
	assert.Equal(t, w.Total(), w.Done(), is)
	assert.Zero(t, w.Report().BadReads, is)
	assert.Empty(t, w.Unexplained(), is)
	assert.Empty(t, w.Unclosed(), is)
	if o.Alone && o.World.Crash == 0 {
		assert.Empty(t, w.Report().LocksLeft, is)
	}
	assert.Empty(t, unsynchronized(w.Trace()), is)
	for i, s := range w.Samples() {
		assert.LessOrEqual(t, s.Latency, o.Timeout, "%s: query %d", is, i)
		if locksMayStay(o) {
			late := s.Err != nil && s.Latency == o.Timeout && o.Timeout > longestWait(o) && o.World.HangRate+float64(o.World.Changes) == 0
			assert.False(t, late && w.Possible(i), "%s: query %d waited for what was free in the end", is, i)
			continue
		}
		unknown := new(syncquery.UnknownResourceError)
		assert.True(t, s.Err == nil || errors.As(s.Err, &unknown) && (o.Unknown > 0 || o.World.Changes > 0), "%s: query %d: %v", is, i, s.Err)
		assert.LessOrEqual(t, s.Latency, longestWait(o), "%s: query %d", is, i)
		share = max(share, s.Latency.Seconds()/longestWait(o).Seconds())
	}
	return share
}

// locksMayStay says whether the world is one in which locks may be left behind, so that
// what needs them waits until its deadline.
func locksMayStay(o sim.Options) bool {
	return o.World.DropRate+o.World.HangRate+o.World.Crash > 0
}

// longestWait is the bound of a query's wait in a world in which no lock stays behind.
//
// A turn is what one reading keeps others waiting: H = R + 4(L + q), the reading itself,
// the registry, locks and unlocks with the time q that they wait for the server and for
// each other, and what comes between two turns: the courtesy pause and the longest poll,
// 65 ms. Errors cost E, up to 350 ms more (three pauses of a repeated unlock).
//
// Each time an endpoint comes free, each of the n clients that wait for it gets it with
// probability 1/n at least, so that a client waits for a geometric number of turns, n on
// average. Before a query, the W queries of its own client that came earlier have theirs:
// two groups, or as many single queries as there are at a time. The sum of W geometric
// waits exceeds n(W + sqrt(2 W l) + l) with a probability below exp(-l) (it is sub-gamma:
// Boucheron, Lugosi, Massart, Concentration Inequalities, 2.4); l = ln(10^7). A client
// without others has its turns at once. What asks for more than one endpoint that is
// locked waits for one after the other; behind the first, the rarest, few wait, which the
// bound, being for the worst of all, has room for. A query of the cover strategy is passed
// by others for the first second, F.
//
//	B = n (W + sqrt(2 W l) + l) (H + 65 ms + E) + F
func longestWait(o sim.Options) time.Duration {
	turn := o.World.ReadTime + 4*(o.World.Latency+5*time.Millisecond) + 65*time.Millisecond
	if o.World.ErrorRate > 0 {
		turn += 350 * time.Millisecond
	}
	w, l := 2.0, math.Log(1e7)
	var passed time.Duration
	if o.Strategy == syncquery.Cover {
		w, passed = float64(min(o.Workers, o.Queries)), time.Second
		if o.Rate > 0 {
			w = float64(o.Queries)
		}
	}
	if o.World.Changes > 0 {
		passed += time.Duration(o.World.Changes) * 300 * time.Millisecond // while an endpoint is gone
	}
	turns := w + 1
	if n := float64(o.Clients); n > 1 {
		turns = n * (w + math.Sqrt(2*w*l) + l)
	}
	return time.Duration(turns*float64(turn)) + passed
}

// unsynchronized returns the readings that were not of one moment: in which a resource was
// read before every endpoint that is read from was locked, or after one was being freed.
func unsynchronized(t *sim.Trace) (readings []int32) {
	type span struct {
		read                  map[int32]bool // endpoints that are read from
		locked, unlocked      map[int32]int64
		firstRead, lastAnswer int64
	}
	spans := map[int32]*span{}
	for i, reading := range t.Reading {
		s := spans[reading]
		if s == nil {
			s = &span{read: map[int32]bool{}, locked: map[int32]int64{}, unlocked: map[int32]int64{}, firstRead: math.MaxInt64}
			spans[reading] = s
		}
		at, endpoint := t.At[i], t.Endpoint[i]
		switch syncquery.HappeningKind(t.Kind[i]) {
		case syncquery.Locked:
			s.locked[endpoint] = at
			delete(s.unlocked, endpoint)
		case syncquery.Unlocking:
			if _, ok := s.unlocked[endpoint]; !ok {
				s.unlocked[endpoint] = at
			}
		case syncquery.Reading:
			s.read[endpoint] = true
			s.firstRead = min(s.firstRead, at)
		case syncquery.StateRead:
			s.lastAnswer = max(s.lastAnswer, at)
		}
	}
	for reading, s := range spans {
		for endpoint := range s.read {
			locked, ok := s.locked[endpoint]
			unlocked, freed := s.unlocked[endpoint]
			if !ok || locked > s.firstRead || freed && unlocked < s.lastAnswer {
				readings = append(readings, reading)
			}
		}
	}
	slices.Sort(readings)
	return slices.Compact(readings)
}

// The same options make the same world, event by event; another seed another one.
func TestAWorldFollowsFromItsOptions(t *testing.T) {
	t.Parallel()
	hashes := map[string]bool{}
	for seed := range uint64(8) {
		first, second := runWorld(t, sim.RandomWorld(seed)), runWorld(t, sim.RandomWorld(seed))
		require.Equal(t, first.Report(), second.Report())
		require.Equal(t, first.Samples(), second.Samples())
		hashes[first.Report().Hash] = true
	}
	require.Len(t, hashes, 8)
}
