package locks_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/operation"
)

// watcher is a caller of watch: it keeps each event with the time that it came.
type watcher struct {
	mu     sync.Mutex
	status int
	events []locks.Event
	came   []time.Time
	gone   bool // it reads no more
}

func (w *watcher) Begin(status int, _ map[string]string) { w.status = status }

func (w *watcher) Send(part []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return errors.New("gone")
	}
	var e locks.Event
	if err := json.Unmarshal(part, &e); err != nil {
		return err
	}
	w.events, w.came = append(w.events, e), append(w.came, time.Now())
	return nil
}

func (w *watcher) kinds() (all []string) {
	for _, e := range w.events {
		all = append(all, e.Event)
	}
	return all
}

// watch runs the operation to its end.
func watch(t *testing.T, store locks.Store, query ...string) *watcher {
	t.Helper()
	w := &watcher{}
	require.NoError(t, watchWith(t.Context(), store, w, query...))
	return w
}

func watchWith(ctx context.Context, store locks.Store, w *watcher, query ...string) error {
	operations := (&locks.Service{Store: store}).Operations()
	i := slices.IndexFunc(operations, func(o operation.Operation) bool { return o.Name == "watch" })
	r := operation.Request{Query: map[string]string{}}
	for _, pair := range query {
		name, value, _ := strings.Cut(pair, "=")
		r.Query[name] = value
	}
	return operations[i].Stream(ctx, r, w)
}

func lockable(t *testing.T) *locks.Memory {
	t.Helper()
	store := locks.NewMemory()
	require.NoError(t, store.PutEndpoint(t.Context(), "a", nil))
	return store
}

func TestWatchTellsWhatHappensWithinHalfASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := lockable(t)
		var happened []time.Time
		for i := range 6 {
			time.AfterFunc(time.Duration(1+i*777)*time.Millisecond, func() {
				happened = append(happened, time.Now())
				if i%2 == 0 {
					require.NoError(t, store.Lock(context.Background(), "a"))
				} else {
					require.NoError(t, store.Unlock(context.Background(), "a"))
				}
			})
		}
		begin := time.Now()
		w := watch(t, store, "for_ms=5000")
		require.Equal(t, 5*time.Second, time.Since(begin), "it ends when it is to")
		var told []locks.Event
		for i, e := range w.events {
			if e.Event == locks.EventHeartbeat {
				continue
			}
			late := w.came[i].Sub(happened[len(told)])
			require.LessOrEqual(t, late, 500*time.Millisecond)
			told = append(told, e)
		}
		require.Len(t, told, 6)
		require.Equal(t, []string{"a"}, told[0].Endpoints)
		require.Equal(t, locks.Timestamp(happened[0]), told[0].At)
		require.Equal(t, told[0].Token, told[1].Token, "a lock and its unlock")
		require.Greater(t, told[2].Token, told[1].Token)
		require.IsIncreasing(t, []int64{told[0].Seq, told[1].Seq, told[2].Seq, told[3].Seq, told[4].Seq, told[5].Seq})
	})
}

func TestWatchBeatsEachSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, lockable(t), "for_ms=5000")
		require.GreaterOrEqual(t, len(w.events), 5)
		for i := 1; i < len(w.came); i++ {
			require.LessOrEqual(t, w.came[i].Sub(w.came[i-1]), 1200*time.Millisecond)
		}
	})
}

func TestWatchGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	store := lockable(t)
	require.NoError(t, store.Lock(t.Context(), "a"))
	require.Equal(t, []string{locks.EventHeartbeat}, watch(t, store, "for_ms=0").kinds(), "from now on, if it is not told from where")
	first := watch(t, store, "since=0", "for_ms=0")
	require.Equal(t, []string{locks.EventLock, locks.EventHeartbeat}, first.kinds())
	last := first.events[len(first.events)-1].Seq
	require.Equal(t, first.events[0].Seq, last, "a heartbeat has the seq to go on from")
	require.NoError(t, store.Unlock(t.Context(), "a"))
	require.Equal(t, []string{locks.EventUnlock, locks.EventHeartbeat}, watch(t, store, "since="+strconv.FormatInt(last, 10), "for_ms=0").kinds())
}

func TestWatchEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{}
		time.AfterFunc(2*time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.gone = true
		})
		begin := time.Now()
		require.Error(t, watchWith(t.Context(), lockable(t), w, "for_ms=600000"))
		require.Less(t, time.Since(begin), 5*time.Second)
	})
}

func TestWatchRefusesWhatCanNotBe(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"since=-1", "since=x", "since=", "for_ms=-1", "for_ms=600001", "for_ms=1.5"} {
		w := &watcher{}
		require.NoError(t, watchWith(t.Context(), lockable(t), w, query), "a refusal is a whole answer")
		require.Equal(t, 400, w.status, query)
	}
}

// The ring forgets the oldest, never the order.
func TestTheJournalKeepsTheLast(t *testing.T) {
	t.Parallel()
	store := lockable(t)
	for range 6000 {
		require.NoError(t, store.Lock(t.Context(), "a"))
		require.NoError(t, store.Unlock(t.Context(), "a"))
	}
	var seen []int64
	for since := int64(0); ; {
		events, err := store.Events(t.Context(), since, 700)
		require.NoError(t, err)
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			seen = append(seen, e.Seq)
		}
		since = seen[len(seen)-1]
	}
	require.Len(t, seen, 10_000)
	require.IsIncreasing(t, seen)
	last, err := store.LastEvent(t.Context())
	require.NoError(t, err)
	require.Equal(t, last, seen[len(seen)-1])
}

// A watcher that goes on after its server was started anew must not be deaf until
// the new one has counted as far.
func TestANewStoreCountsOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := lockable(t)
		require.NoError(t, store.Lock(t.Context(), "a"))
		before, err := store.LastEvent(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Second) // virtual
		store = lockable(t)
		require.NoError(t, store.Lock(t.Context(), "a"))
		events, err := store.Events(t.Context(), before, 10)
		require.NoError(t, err)
		require.Len(t, events, 1)
	})
}
