package histories_test

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// world is where a history takes place: a registry, and the processes that serve it.
type world struct {
	history
	lines

	t         testing.TB
	ground    ground
	served    map[string][]int64 // what each endpoint serves
	skew      time.Duration      // by which the clock of a process is off, at most
	operator  *process           // with which nothing goes wrong
	processes atomic.Int64
	written   atomic.Int64 // counts values
	left      lease.View   // of the namespace, when all clients were gone
}

func newWorld(t testing.TB, g ground, served map[string][]int64) *world {
	t.Helper()
	w := &world{t: t, ground: g, served: served}
	w.operator = w.start(g.site(nil), 0)
	for name, ids := range served {
		put := operation.Request{Path: map[string]string{"endpoint": name}}
		require.Equal(t, http.StatusOK, w.operator.call("put-endpoint", put, map[string]any{"resources": ids}, nil))
	}
	return w
}

// value returns one that nobody has written yet.
func (w *world) value() string { return "v" + strconv.FormatInt(w.written.Add(1), 10) }

// endpoints returns the endpoints' names.
func (w *world) endpoints() []string { return slices.Sorted(maps.Keys(w.served)) }

// resources returns the resources' ids.
func (w *world) resources() (ids []int64) {
	for _, served := range w.served {
		ids = append(ids, served...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// writable returns the resources that can be written under a lease on the endpoints,
// and at which of them each is served: those that no other one serves.
func (w *world) writable(held []string) map[int64]string {
	at := map[int64]string{}
	for _, name := range held {
		for _, id := range w.served[name] {
			at[id] = name
		}
	}
	for name, ids := range w.served {
		for _, id := range ids {
			if !slices.Contains(held, name) {
				delete(at, id)
			}
		}
	}
	return at
}

// end ends the history: when nothing is on its way any more, all resources are read.
func (w *world) end() {
	w.ground.settle()
	var err error
	w.left, err = w.operator.leases.View(w.t.Context())
	require.NoError(w.t, err)
	// Somebody whose clock is far ahead need not wait for the dead.
	last := &client{process: w.start(w.ground.site(nil), time.Hour), world: w, id: -1}
	answered := last.query(20*time.Second, w.resources()...)
	require.True(w.t, answered, "what is left blocks others")
}

// requireRight requires all that is promised of a history that is over.
func (w *world) requireRight(t *testing.T) {
	t.Helper()
	w.requireExpiring(t, w.left)
	w.requireOrder(t)
	requireHolds(t, &w.history)
}

// requireExpiring requires that whatever is left of a history expires, and no later
// than a lease can that was taken in it.
func (w *world) requireExpiring(t *testing.T, view lease.View) {
	t.Helper()
	longest := view.Written.Add(5*time.Second + 2*w.skew)
	for _, e := range view.Entries {
		require.False(t, e.Expires.IsZero(), "%v stands for ever", e)
		require.False(t, e.Expires.After(longest), "%v stands for too long", e)
	}
}
