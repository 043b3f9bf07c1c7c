package histories_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
)

// maxResources is how many there are at most, from 0 on.
const maxResources = 7

// values are the states of all resources at one moment.
type values [maxResources]string

// step is an operation as the model knows it: there was a moment at which all that
// it has read stood there, and all that it writes was written. A query writes nothing,
// a blind write has read nothing.
type step struct {
	kind          string
	reads, writes map[int64]string
}

// Kinds of steps, for people.
const (
	read   = "read"   // of one resource, under a lease
	query  = "query"  // of several in one moment
	write  = "write"  // of several, blindly
	update = "update" // a read-modify-write of several
)

// outcome is what the caller of an operation knows of it.
type outcome bool

const (
	acknowledged outcome = true
	unknown      outcome = false // it may have happened at any time since it was called, or never
)

// at returns what stands there after the step, if it can be at that moment.
func (s step) at(before values) (after values, fits bool) {
	for id, state := range s.reads {
		if before[id] != state {
			return before, false
		}
	}
	after = before
	for id, state := range s.writes {
		after[id] = state
	}
	return after, true
}

func (s step) String() string {
	words := []string{s.kind}
	for _, id := range slices.Sorted(maps.Keys(s.reads)) {
		words = append(words, fmt.Sprintf("%d=%s", id, s.reads[id]))
	}
	for _, id := range slices.Sorted(maps.Keys(s.writes)) {
		words = append(words, fmt.Sprintf("%d:=%s", id, s.writes[id]))
	}
	return strings.Join(words, " ")
}

// model is what histories are held against.
var model = (&porcupine.NondeterministicModel{
	Init: func() []any {
		var all values
		for id := range all {
			all[id] = locks.InitialState
		}
		return []any{all}
	},
	Step: func(state, input, output any) []any {
		before := state.(values)
		after, fits := input.(step).at(before)
		switch {
		case output == unknown && fits:
			return []any{before, after}
		case output == unknown:
			return []any{before}
		case fits:
			return []any{after}
		default:
			return nil
		}
	},
	DescribeOperation: func(input, output any) string {
		if output == unknown {
			return input.(step).String() + " ?"
		}
		return input.(step).String()
	},
	DescribeState: func(state any) string { return fmt.Sprint(state) },
}).ToModel()

// checkTime is how long the check of one history may take.
const checkTime = time.Minute

// verdict is what the model says of the history.
func verdict(h *history) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	return porcupine.CheckOperationsVerbose(model, h.operations(), checkTime)
}

// requireHolds requires that the history is one of the model. Of one that is not, or
// is not known to be in time, it leaves a picture.
func requireHolds(t *testing.T, h *history) {
	t.Helper()
	began := time.Now()
	result, info := verdict(h)
	if result == porcupine.Ok {
		t.Logf("%s, checked in %v", h, time.Since(began).Round(100*time.Microsecond))
		return
	}
	picture, err := os.CreateTemp("", "history-*.html") // the test's own folder would go with the test
	require.NoError(t, err)
	require.NoError(t, porcupine.Visualize(model, info, picture))
	require.NoError(t, picture.Close())
	require.FailNowf(t, "the history does not hold", "%s, %s: see %s", result, h, picture.Name())
}
