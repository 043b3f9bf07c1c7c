package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
)

// happenings is what watchers are told.
var happenings = map[string]test{
	"a lock and an unlock":                   tellLocks,
	"a grant and a release":                  tellGrant,
	"a wait, and its grant":                  tellWait,
	"a wait that was given up":               tellGivenUp,
	"an eviction":                            tellEviction,
	"the eviction of a waiter, and a lock's": tellEvictions,
	"a break":                                tellBreak,
	"a query and an operator's work":         tellOwnLeases,
	"nothing, where nothing happens":         tellNothing,
	"page by page, from where one was":       tellPages,
	"one release grants several":             tellGrants,
}

// story is what has happened since it began.
type story struct {
	registry *registry
	since    int64
}

func begin(t *testing.T, r *registry) *story {
	t.Helper()
	last, err := r.Store.LastEvent(t.Context())
	require.NoError(t, err)
	return &story{r, last}
}

// requireEvents requires what has happened since, without times and order numbers,
// which it checks by itself.
func (s *story) requireEvents(t *testing.T, want ...locks.Event) {
	t.Helper()
	events, err := s.registry.Store.Events(t.Context(), s.since, 1000)
	require.NoError(t, err)
	for i := range events {
		require.Greater(t, events[i].Seq, s.since, "they grow")
		s.since = events[i].Seq
		at := leased{ExpiresAt: events[i].At}.expires(t)
		require.WithinDuration(t, time.Now(), at, 2*hour)
		events[i].Seq, events[i].At = 0, ""
	}
	require.Len(t, events, len(want), "%v", events)
	require.Equal(t, want, append([]locks.Event(nil), events...))
	last, err := s.registry.Store.LastEvent(t.Context())
	require.NoError(t, err)
	require.Equal(t, s.since, last)
}

// told is an event of a lease.
func told(event string, l leased) locks.Event {
	return locks.Event{Event: event, Endpoints: l.Endpoints, ID: l.ID, Owner: l.Owner, Token: l.Token}
}

// mustLockToken locks for an old client, and returns the token of that.
func mustLockToken(t *testing.T, r *registry, endpoint string) int64 {
	t.Helper()
	mustLock(t, r.Service, endpoint)
	view, err := r.Leases.View(t.Context())
	require.NoError(t, err)
	return view.Counter
}

func lockEvent(event, endpoint string, token int64) locks.Event {
	return locks.Event{Event: event, Endpoints: []string{endpoint}, Token: token}
}

func tellLocks(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	s := begin(t, r)
	one := mustLockToken(t, r, "a")
	s.requireEvents(t, lockEvent(locks.EventLock, "a", one))
	mustUnlock(t, r.another(), "a")
	two := mustLockToken(t, r, "a")
	s.requireEvents(t, lockEvent(locks.EventUnlock, "a", one), lockEvent(locks.EventLock, "a", two))
	require.Greater(t, two, one)
}

func tellGrant(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	s := begin(t, r)
	for _, wait := range []time.Duration{0, 25 * time.Second} {
		l := mustHave(t, r.Service, want("b", "a").of("owner").waiting(wait))
		s.requireEvents(t, told(locks.EventGrant, l))
		mustRelease(t, r.another(), l)
		s.requireEvents(t, told(locks.EventRelease, l))
	}
}

func tellWait(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	s := begin(t, r)
	lock := mustLockToken(t, r, "a")
	waiting := mustWait(t, r, "a", "b")
	s.requireEvents(t, lockEvent(locks.EventLock, "a", lock), told(locks.EventWait, waiting))
	mustUnlock(t, r.Service, "a")
	mustBeGranted(t, r.Service, waiting)
	s.requireEvents(t, lockEvent(locks.EventUnlock, "a", lock), told(locks.EventGrant, waiting))
}

func tellGivenUp(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	s := begin(t, r)
	second, third := mustWait(t, r, "a"), mustWait(t, r, "a")
	mustRelease(t, r.Service, second)
	s.requireEvents(t, told(locks.EventWait, second), told(locks.EventWait, third), told(locks.EventRelease, second))
	mustRelease(t, r.Service, l)
	s.requireEvents(t, told(locks.EventRelease, l), told(locks.EventGrant, third))
}

func tellEviction(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	dead := mustAcquire(t, r.by(-hour), "a")
	s := begin(t, r)
	l := mustAcquire(t, r.Service, "a")
	s.requireEvents(t, told(locks.EventEviction, dead), told(locks.EventGrant, l))
}

func tellEvictions(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	limited := r.by(-hour)
	limited.LockLimit = time.Minute
	mustLock(t, limited, "a")
	waiting := mustWaitIn(t, r.by(-hour), "a", "b")
	s := begin(t, r)
	lock := mustLockToken(t, r, "b")
	s.requireEvents(t, told(locks.EventEviction, waiting), lockEvent(locks.EventLock, "b", lock))
	other := mustLockToken(t, r, "a")
	s.requireEvents(t, lockEvent(locks.EventEviction, "a", waiting.Token-1), lockEvent(locks.EventLock, "a", other))
}

func tellBreak(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l, second, third := mustAcquire(t, r.Service, "a"), mustWait(t, r, "a"), mustWait(t, r, "a")
	s := begin(t, r)
	requireStatus(t, 200, ask(t, r.Service, "break", breakIt(second.ID)))
	s.requireEvents(t, told(locks.EventBreak, second))
	requireStatus(t, 200, ask(t, r.Service, "break", breakIt(l.ID)))
	s.requireEvents(t, told(locks.EventBreak, l), told(locks.EventGrant, third))
}

// tellOwnLeases: what the service leases for its own work is told like any lease.
func tellOwnLeases(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	for owner, do := range map[string]func(){
		"query":                func() { mustQuery(t, r.Service, queryOf(`[1]`, time.Second)) },
		"a nightly report":     func() { mustQuery(t, r.Service, request{client: "a nightly report", body: `{"resources":[1]}`}) },
		"an operator's change": func() { requireStatus(t, 200, ask(t, r.Service, "put-endpoint", put("a", `[1]`))) },
	} {
		last, err := r.Store.LastEvent(t.Context())
		require.NoError(t, err)
		do()
		events, err := r.Store.Events(t.Context(), last, 10)
		require.NoError(t, err)
		require.Len(t, events, 2)
		require.Equal(t, []string{locks.EventGrant, locks.EventRelease}, []string{events[0].Event, events[1].Event})
		require.Equal(t, []string{owner, owner}, []string{events[0].Owner, events[1].Owner})
	}
}

func tellNothing(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l, waiting := mustAcquire(t, r.Service, "a"), mustWait(t, r, "a")
	s := begin(t, r)
	requireStatus(t, 403, ask(t, r.Service, "lock", request{endpoint: "a"}))
	requireStatus(t, 403, ask(t, r.Service, "unlock", request{endpoint: "a"}))
	requireStatus(t, 409, ask(t, r.Service, "acquire", request{body: want("a")}))
	requireStatus(t, 409, ask(t, r.Service, "put-endpoint", put("a", `[]`)))
	requireStatus(t, 503, ask(t, r.Service, "query", queryOf(`[1]`, 0)))
	requireStatus(t, 200, renew(t, r.Service, l, time.Minute*2))
	requireStatus(t, 200, ask(t, r.by(29*time.Second), "leases", request{lease: waiting.Lease}))
	requireStatus(t, 200, ask(t, r.Service, "write", writing(l, `{"1":"x"}`)))
	mustRegistry(t, r.Service)
	s.requireEvents(t)
}

func tellPages(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	s := begin(t, r)
	for range 3 {
		mustLock(t, r.Service, "a")
		mustUnlock(t, r.Service, "a")
	}
	whole, err := r.Store.Events(t.Context(), s.since, 6)
	require.NoError(t, err)
	require.Len(t, whole, 6)
	for _, size := range []int{1, 4} {
		var seen []locks.Event
		for since := s.since; len(seen) < 6; since = seen[len(seen)-1].Seq {
			some, err := r.Store.Events(t.Context(), since, size)
			require.NoError(t, err)
			require.Len(t, some, min(size, 6-len(seen)))
			seen = append(seen, some...)
		}
		require.Equal(t, whole, seen)
	}
}

func tellGrants(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	both, b, a, second := mustAcquire(t, r.Service, "a", "b"), mustWait(t, r, "b"), mustWait(t, r, "a"), mustWait(t, r, "a")
	s := begin(t, r)
	mustRelease(t, r.Service, both)
	s.requireEvents(t, told(locks.EventRelease, both), told(locks.EventGrant, b), told(locks.EventGrant, a))
	mustRelease(t, r.Service, a)
	s.requireEvents(t, told(locks.EventRelease, a), told(locks.EventGrant, second))
}
