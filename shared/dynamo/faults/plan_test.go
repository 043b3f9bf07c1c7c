package faults_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/dynamo/faults"
)

// draw returns what the plan does to the first n attempts at the call.
func draw(plan faults.Plan, call string, n int) []faults.Fault {
	all := make([]faults.Fault, n)
	for i := range all {
		all[i] = plan(faults.Attempt{Call: call, N: i + 1})
	}
	return all
}

// every is a fault of every kind.
func every(late *faults.Late) []faults.Fault {
	return []faults.Fault{
		faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff,
		faults.Conflict, faults.Delayed(longest), late.After(longest), late.Held(),
	}
}

const longest = 10 * time.Millisecond

func TestNthAndEvery(t *testing.T) {
	t.Parallel()
	none, lost := faults.None, faults.Lost
	require.Equal(t, []faults.Fault{none, lost, none, none, none, none}, draw(faults.Nth("PutItem", 2, lost), "PutItem", 6))
	require.Equal(t, []faults.Fault{none, none, lost, none, none, lost}, draw(faults.Every("PutItem", 3, lost), "PutItem", 6))
	require.Equal(t, []faults.Fault{lost, lost}, draw(faults.Every("PutItem", 1, lost), "PutItem", 2))
	require.Equal(t, make([]faults.Fault, 6), draw(faults.Every("PutItem", 1, lost), "UpdateItem", 6))
}

func TestRandomIsDecidedByItsSeed(t *testing.T) {
	t.Parallel()
	var late faults.Late
	want := draw(faults.Random(1, 0.5, every(&late)...), "UpdateItem", 200)
	require.Equal(t, want, draw(faults.Random(1, 0.5, every(&late)...), "UpdateItem", 200))
	require.NotEqual(t, want, draw(faults.Random(2, 0.5, every(&late)...), "UpdateItem", 200))
	require.NotEqual(t, want, draw(faults.Random(1, 0.5, every(&late)...), "PutItem", 200))
}

func TestRandomIsTheSameInWhateverOrderItIsAsked(t *testing.T) {
	t.Parallel()
	var late faults.Late
	plan := faults.Random(1, 0.5, every(&late)...)
	want, got := draw(plan, "UpdateItem", 200), make([]faults.Fault, 200)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() { got[i] = plan(faults.Attempt{Call: "UpdateItem", N: i + 1}) })
	}
	all.Wait()
	require.Equal(t, want, got)
}

func TestRandomKeepsTheShareAndDrawsAllKindsAlike(t *testing.T) {
	t.Parallel()
	const n = 20_000
	for _, share := range []float64{0, 0.1, 0.5, 1} {
		var late faults.Late
		counts := map[string]int{}
		for _, f := range draw(faults.Random(7, share, every(&late)...), "UpdateItem", n) {
			kind, _ := read(t, f)
			counts[kind]++
		}
		requireAbout(t, n*(1-share), counts["None"])
		delete(counts, "None")
		if share > 0 {
			require.Len(t, counts, len(every(&late)))
		}
		for _, count := range counts {
			requireAbout(t, n*share/10, count)
		}
	}
}

// requireAbout requires less than five standard deviations between them; the seed being
// fixed, it holds always or never.
func requireAbout(t *testing.T, want float64, got int) {
	t.Helper()
	require.InDelta(t, want, got, 5*math.Sqrt(want))
}

// read reads a fault's name and wait out of its text.
func read(t *testing.T, f faults.Fault) (kind string, wait time.Duration) {
	t.Helper()
	kind, rest, waits := strings.Cut(f.String(), "(")
	if waits {
		var err error
		wait, err = time.ParseDuration(strings.TrimSuffix(rest, ")"))
		require.NoError(t, err)
	}
	return kind, wait
}

func TestRandomDrawsWaits(t *testing.T) {
	t.Parallel()
	var late faults.Late
	for name, f := range map[string]faults.Fault{"Delayed": faults.Delayed(longest), "Late.After": late.After(longest)} {
		different := map[faults.Fault]bool{}
		for _, drawn := range draw(faults.Random(3, 1, f), "UpdateItem", 200) {
			kind, wait := read(t, drawn)
			require.Equal(t, name, kind)
			require.Positive(t, wait)
			require.LessOrEqual(t, wait, longest)
			different[drawn] = true
		}
		require.Greater(t, len(different), 190)
	}
	require.Equal(t, []faults.Fault{faults.Delayed(1), faults.Delayed(1)}, draw(faults.Random(3, 1, faults.Delayed(1)), "UpdateItem", 2), "never none")
}

func TestRandomDrawsWhatFitsTheCall(t *testing.T) {
	t.Parallel()
	atReads := []string{"Delayed", "Lost", "ServerError", "Throttled", "Unsent"}
	atBatches := append([]string{"BrokenOff", "Late.After", "Late.Held", "ServerErrorAfter"}, atReads...)
	atWrites := append([]string{"Conflict"}, atBatches...)
	for call, want := range map[string][]string{
		"GetItem": atReads, "BatchGetItem": atReads, "Query": atReads, "Scan": atReads, "TransactGetItems": atReads,
		"PutItem": atWrites, "UpdateItem": atWrites, "DeleteItem": atWrites, "TransactWriteItems": atWrites,
		"BatchWriteItem": atBatches,
		"CreateTable":    {"None"}, "DescribeTable": {"None"}, "ListTables": {"None"},
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			var late faults.Late
			drawn := map[string]bool{}
			for _, f := range draw(faults.Random(5, 1, every(&late)...), call, 1000) {
				kind, _ := read(t, f)
				drawn[kind] = true
			}
			require.ElementsMatch(t, want, slices.Collect(maps.Keys(drawn)))
		})
	}
}

func TestRandomLeavesAReadAloneIfNothingFitsIt(t *testing.T) {
	t.Parallel()
	require.Equal(t, make([]faults.Fault, 100), draw(faults.Random(5, 1, faults.Conflict, faults.BrokenOff), "Query", 100))
}

// However many answers get lost, an increment that is made until one is heard of has
// happened: as often as the plan, asked again, says.
func TestARunOverARandomNetworkCanBeReckoned(t *testing.T) {
	t.Parallel()
	const seed, share = 11, 0.5
	c := newCounter(t)
	var late faults.Late
	kinds := every(&late)
	client, attempts := c.with(faults.Random(seed, share, kinds...))
	for heard := 0; heard < 10; {
		if _, err := client.UpdateItem(t.Context(), c.increment(), once); err == nil {
			heard++
		}
	}
	late.Wait()
	late.Release()
	want := 0
	for _, f := range draw(faults.Random(seed, share, kinds...), "UpdateItem", int(attempts.Load())) {
		if kind, _ := read(t, f); !slices.Contains([]string{"Throttled", "ServerError", "Unsent", "Conflict"}, kind) {
			want++
		}
	}
	require.Greater(t, want, 10, "some had an effect that nobody heard of")
	c.require(t, want)
}
