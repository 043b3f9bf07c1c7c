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
	"lockstep/shared/lease"
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
func watch(t *testing.T, s *locks.Service, query ...string) *watcher {
	t.Helper()
	w := &watcher{}
	require.NoError(t, watchWith(t.Context(), s, w, query...))
	return w
}

func watchWith(ctx context.Context, s *locks.Service, w *watcher, query ...string) error {
	operations := s.Operations()
	i := slices.IndexFunc(operations, func(o operation.Operation) bool { return o.Name == "watch" })
	r := operation.Request{Query: map[string]string{}}
	for _, pair := range query {
		name, value, _ := strings.Cut(pair, "=")
		r.Query[name] = value
	}
	return operations[i].Stream(ctx, r, w)
}

// mustLock and mustUnlock are what watchers are told of in these tests.
func mustLock(t *testing.T, s *locks.Service) {
	_, err := s.Leases.Lock(context.WithoutCancel(t.Context()), "a", 0)
	require.NoError(t, err)
}

func mustUnlock(t *testing.T, s *locks.Service) {
	require.NoError(t, s.Leases.Unlock(context.WithoutCancel(t.Context()), "a"))
}

func TestWatchTellsWhatHappensWithinHalfASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t)(lease.Options{})
		var happened []time.Time
		for i := range 6 {
			time.AfterFunc(time.Duration(1+i*777)*time.Millisecond, func() {
				happened = append(happened, time.Now())
				if i%2 == 0 {
					mustLock(t, s)
				} else {
					mustUnlock(t, s)
				}
			})
		}
		begin := time.Now()
		w := watch(t, s, "for_ms=5000")
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
		w := watch(t, open(t)(lease.Options{}), "for_ms=5000")
		require.GreaterOrEqual(t, len(w.events), 5)
		for i := 1; i < len(w.came); i++ {
			require.LessOrEqual(t, w.came[i].Sub(w.came[i-1]), 1200*time.Millisecond)
		}
	})
}

func TestWatchGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	s := open(t)(lease.Options{})
	mustLock(t, s)
	require.Equal(t, []string{locks.EventHeartbeat}, watch(t, s, "for_ms=0").kinds(), "from now on, if it is not told from where")
	first := watch(t, s, "since=0", "for_ms=0")
	require.Equal(t, []string{locks.EventLock, locks.EventHeartbeat}, first.kinds())
	last := first.events[len(first.events)-1].Seq
	require.Equal(t, first.events[0].Seq, last, "a heartbeat has the seq to go on from")
	mustUnlock(t, s)
	require.Equal(t, []string{locks.EventUnlock, locks.EventHeartbeat}, watch(t, s, "since="+strconv.FormatInt(last, 10), "for_ms=0").kinds())
}

// Every line of a lease's life, as it goes over the wire.
func TestWatchTellsALeasesLife(t *testing.T) {
	t.Parallel()
	s := open(t)(lease.Options{})
	request := func(ttl time.Duration) lease.Request {
		return lease.Request{Secret: lease.NewSecret(), Keys: []string{"a", "b"}, Owner: "me", TTL: ttl}
	}
	one, two := request(time.Minute), request(time.Minute)
	held, err := s.Leases.TryStatus(t.Context(), one)
	require.NoError(t, err)
	waits, err := s.Leases.Enqueue(t.Context(), two)
	require.NoError(t, err)
	require.NoError(t, s.Leases.Release(t.Context(), one.Secret))
	_, err = s.Leases.Break(t.Context(), waits.Entry.ID)
	require.NoError(t, err)
	w := watch(t, s, "since=0", "for_ms=0")
	require.Equal(t, []string{locks.EventGrant, locks.EventWait, locks.EventRelease, locks.EventGrant, locks.EventBreak, locks.EventHeartbeat}, w.kinds())
	for i, e := range []lease.Entry{held.Entry, waits.Entry, held.Entry, waits.Entry, waits.Entry} {
		told := w.events[i]
		require.Equal(t, locks.Event{
			Seq: told.Seq, At: told.At, Event: told.Event, Endpoints: []string{"a", "b"}, ID: e.ID, Owner: "me", Token: e.Ticket,
		}, told)
	}
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
		require.Error(t, watchWith(t.Context(), open(t)(lease.Options{}), w, "for_ms=600000"))
		require.Less(t, time.Since(begin), 5*time.Second)
	})
}

func TestWatchRefusesWhatCanNotBe(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"since=-1", "since=x", "since=", "for_ms=-1", "for_ms=600001", "for_ms=1.5"} {
		w := &watcher{}
		require.NoError(t, watchWith(t.Context(), open(t)(lease.Options{}), w, query), "a refusal is a whole answer")
		require.Equal(t, 400, w.status, query)
	}
}

// The ring forgets the oldest, never the order.
func TestTheJournalKeepsTheLast(t *testing.T) {
	t.Parallel()
	store := locks.NewMemory()
	write := func(changes ...lease.Change) {
		w, err := store.Leases.Write(t.Context(), lease.Batch{Now: time.Now(), Changes: changes})
		require.NoError(t, err)
		require.True(t, w.Done)
	}
	for range 6000 {
		write(lease.Change{Kind: lease.Add, Entry: lease.Entry{ID: "x", Keys: []string{"a"}}})
		view, err := store.Leases.Read(t.Context(), true)
		require.NoError(t, err)
		write(lease.Change{Kind: lease.Remove, Entry: view.Entries[0]})
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
		s := open(t)(lease.Options{})
		mustLock(t, s)
		before, err := s.Store.LastEvent(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Second) // virtual
		s = open(t)(lease.Options{})
		mustLock(t, s)
		events, err := s.Store.Events(t.Context(), before, 10)
		require.NoError(t, err)
		require.Len(t, events, 1)
	})
}
