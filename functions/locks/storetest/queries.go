package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
)

// queries is POST /query.
var queries = map[string]test{
	"200: the states, all of one moment":       queryStates,
	"200: an id twice, and few endpoints":      queryCover,
	"200: without waiting, where nobody is":    queryWithoutWaiting,
	"200: around what old clients have locked": queryAroundLocks,
	"200: after waiting":                       queryAfterWaiting,
	"200: a hundred endpoints":                 queryHundred,
	"404 naming the ids that nobody serves":    queryUnknown,
	"400 when it takes above 100 endpoints":    queryTooMany,
	"200: though a higher token has read":      queryPassed,
	"503 when others hold the endpoints":       queryContended,
	"holds nothing afterwards":                 queryHoldsNothing,
	"never sees half of a write":               queryAgainstWriters,
}

// read is a query's answer.
type read struct {
	States    map[string]string `json:"states"`
	Endpoints []string          `json:"endpoints"`
	Token     int64             `json:"token"`
	ReadAt    string            `json:"read_at"`
}

// queryOf asks for the resources, JSON, and waits that long for their endpoints.
func queryOf(ids string, wait time.Duration) request {
	return request{body: fmt.Sprintf(`{"resources":%s,"wait_ms":%d}`, ids, wait.Milliseconds())}
}

func mustQuery(t *testing.T, s *locks.Service, r request) (answer read) {
	t.Helper()
	got := ask(t, s, "query", r)
	requireStatus(t, 200, got)
	mustDecode(t, got, &answer)
	return answer
}

func queryStates(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1, 2)
	mustPut(t, r.Service, "b", 3)
	l := mustAcquire(t, r.Service, "a", "b")
	requireStatus(t, 200, ask(t, r.Service, "write", writing(l, `{"1":"one","3":"three"}`)))
	mustRelease(t, r.Service, l)
	begin := time.Now()
	got := mustQuery(t, r.another(), request{body: `{"resources":[3,2,1]}`})
	at := leased{ExpiresAt: got.ReadAt}.expires(t)
	require.False(t, at.Before(begin.Truncate(time.Millisecond)) || at.After(time.Now()), "%v", at)
	require.Greater(t, got.Token, l.Token)
	require.Equal(t, read{States: map[string]string{"1": "one", "2": "initial", "3": "three"}, Endpoints: []string{"a", "b"}, Token: got.Token, ReadAt: got.ReadAt}, got)
	requireOutdated(t, r.Store, l.Token, 2) // its token is left there
}

func queryCover(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 2)
	mustPut(t, r.Service, "both", 1, 2)
	got := mustQuery(t, r.Service, request{body: `{"resources":[2,1,2,2]}`})
	require.Equal(t, []string{"both"}, got.Endpoints)
	require.Len(t, got.States, 2)
}

func queryWithoutWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	for _, wait := range []time.Duration{0, time.Millisecond, 50 * time.Millisecond} {
		for range 3 {
			require.Equal(t, []string{"a"}, mustQuery(t, r.another(), queryOf(`[1]`, wait)).Endpoints, "%v", wait)
		}
	}
}

// Another query, through another endpoint, may have a higher token and be faster.
func queryPassed(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustWrite(t, r.Store, 5, map[int64]string{1: "written"})
	mustRead(t, r.Store, 1<<62, 1)
	require.Equal(t, map[string]string{"1": "written"}, mustQuery(t, r.Service, queryOf(`[1]`, time.Second)).States)
}

func queryAroundLocks(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1, 2)
	mustPut(t, r.Service, "b", 1)
	mustPut(t, r.Service, "c", 2)
	mustLock(t, r.Service, "a")
	require.Equal(t, []string{"b", "c"}, mustQuery(t, r.another(), queryOf(`[1,2]`, 0)).Endpoints)
}

func queryAfterWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	other := r.another()
	mustLock(t, r.Service, "a")
	answer := later(func() read { return mustQuery(t, other, queryOf(`[1]`, 25*time.Second)) })
	mustSeeOwner(t, r.Service, "query")
	mustUnlock(t, r.Service, "a")
	require.Equal(t, map[string]string{"1": "initial"}, (<-answer).States)
	l := mustAcquire(t, r.Service, "a")
	answer = later(func() read { return mustQuery(t, other, queryOf(`[1]`, 25*time.Second)) })
	mustSeeOwner(t, r.Service, "query")
	mustRelease(t, r.Service, l)
	require.Greater(t, (<-answer).Token, l.Token)
}

// mustSeeOwner waits until somebody stands in line who is called that.
func mustSeeOwner(t *testing.T, s *locks.Service, owner string) {
	t.Helper()
	for t.Context().Err() == nil {
		for _, l := range mustList(t, s, nil).Leases {
			if l.Owner == owner {
				return
			}
		}
	}
}

// idsTo is a query of the ids from 0 to n-1.
func idsTo(n int) request {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return request{body: map[string]any{"resources": all}}
}

func queryHundred(t *testing.T, r *registry) {
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() { mustPut(t, r.Service, fmt.Sprint("e", i), int64(i)) })
	}
	wg.Wait()
	got := mustQuery(t, r.Service, idsTo(100))
	require.Len(t, got.States, 100)
	require.Len(t, got.Endpoints, 100)
}

func queryTooMany(t *testing.T, r *registry) {
	var wg sync.WaitGroup
	for i := range 101 {
		wg.Go(func() { mustPut(t, r.Service, fmt.Sprint("e", i), int64(i)) })
	}
	wg.Wait()
	requireAnswer(t, 400, `{"error":"resources are behind 101 endpoints; at most 100 can be leased at once","field":"resources"}`,
		ask(t, r.Service, "query", idsTo(101)))
	requireNobody(t, r.Service)
}

func queryUnknown(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 0, 5)
	requireAnswer(t, 404, `{"error":"no endpoint serves 3, 4","resources":[3,4]}`, ask(t, r.Service, "query", queryOf(`[5,4,0,3,4]`, 0)))
	requireAnswer(t, 404, `{"error":"no endpoint serves 1, 2, 3, 4, 6, 7, 8, 9, 10, 11 and 2 more","resources":[1,2,3,4,6,7,8,9,10,11,12,13]}`,
		ask(t, r.Service, "query", idsTo(14)))
	mustLock(t, r.Service, "a")
	requireAnswer(t, 404, `{"error":"no endpoint serves 6","resources":[6]}`, ask(t, r.Service, "query", queryOf(`[5,6]`, 0)))
}

func queryContended(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1, 2)
	mustPut(t, r.Service, "b", 2)
	contended := func() {
		t.Helper()
		for _, wait := range []time.Duration{0, time.Millisecond, 200 * time.Millisecond} {
			got := ask(t, r.another(), "query", queryOf(`[1,2]`, wait))
			requireAnswer(t, 503, `{"error":"'a' is held by others; not granted in time"}`, got)
			require.Equal(t, "1", got.Header["Retry-After"])
			requireLocked(t, false, r.Service, "b")
		}
	}
	mustLock(t, r.Service, "a")
	contended()
	mustUnlock(t, r.Service, "a")
	requireNobody(t, r.Service)
	mustAcquire(t, r.Service, "a")
	contended()
}

func queryHoldsNothing(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	for range 3 {
		mustQuery(t, r.Service, queryOf(`[1]`, time.Second))
		requireNobody(t, r.Service)
	}
	ill := r.another()
	ill.Store = silent{r.Store}
	requireStatus(t, 500, ask(t, ill, "query", queryOf(`[1]`, time.Second)))
	requireNobody(t, r.Service)
}

// silent is a store that can't be read under a lease.
type silent struct{ locks.Store }

func (silent) ReadState(context.Context, int64, int64) (string, error) {
	return "", errors.New("out of order")
}

// queryAgainstWriters: what two resources hold together never changes.
func queryAgainstWriters(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 2)
	mustWrite(t, r.Store, 1, map[int64]string{1: "50", 2: "50"})
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	var wg sync.WaitGroup
	for range 2 {
		writer, reader := r.another(), r.another()
		wg.Go(func() {
			for range 4 {
				l := mustHave(t, writer, want("a", "b").waiting(25*time.Second))
				var one, two struct{ State string }
				mustDecode(t, ask(t, writer, "resource", reading(l, "a")), &one)
				mustDecode(t, ask(t, writer, "resource", request{endpoint: "b", id: "2", lease: l.Lease}), &two)
				states := fmt.Sprintf(`{"1":"%d","2":"%d"}`, number(one.State)-1, number(two.State)+1)
				requireStatus(t, 200, ask(t, writer, "write", writing(l, states)))
				mustRelease(t, writer, l)
			}
		})
		wg.Go(func() {
			for range 4 {
				got := mustQuery(t, reader, queryOf(`[1,2]`, 25*time.Second)).States
				require.Equal(t, 100, number(got["1"])+number(got["2"]))
			}
		})
	}
	wg.Wait()
	require.Equal(t, map[string]string{"1": "42", "2": "58"}, mustQuery(t, r.Service, queryOf(`[1,2]`, time.Second)).States)
}
