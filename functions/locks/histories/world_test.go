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

// requireRight requires all that is promised of a history that is over.
func (w *world) requireRight(t *testing.T) {
	t.Helper()
	w.ground.settle()
	view, err := w.operator.leases.View(t.Context())
	require.NoError(t, err)
	requireExpiring(t, view, 5*time.Second+w.skew) // longer lasts no lease that is taken here
	// Somebody whose clock is far ahead need not wait for the dead.
	last := &client{process: w.start(w.ground.site(nil), time.Hour), world: w, id: -1}
	answered := last.query(20*time.Second, w.resources()...)
	require.True(t, answered, "what is left blocks others")
	w.requireOrder(t)
	requireHolds(t, &w.history)
}
