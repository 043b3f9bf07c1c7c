package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
)

// lists is GET /leases without the header.
var lists = map[string]test{
	"none":                             listNone,
	"every lease, and how it stands":   listAll,
	"no lock of an old client":         listNoLocks,
	"never a secret":                   listNoSecrets,
	"page by page":                     listPages,
	"what is gone is not listed":       listOfGone,
	"a page of 100, if not told other": listDefault,
}

// listed is a lease in the list.
type listed struct {
	ID        string   `json:"id"`
	Owner     string   `json:"owner"`
	Endpoints []string `json:"endpoints"`
	Token     int64    `json:"token"`
	AgeMs     int64    `json:"age_ms"`
	ExpiresAt string   `json:"expires_at"`
	Place     int      `json:"place"`
}

// page is one answer.
type page struct {
	Leases []listed `json:"leases"`
	Cursor int64    `json:"cursor"`
}

func mustList(t *testing.T, s *locks.Service, query map[string]string) (p page) {
	t.Helper()
	got := ask(t, s, "leases", request{query: query})
	requireStatus(t, 200, got)
	mustDecode(t, got, &p)
	return p
}

func listNone(t *testing.T, r *registry) {
	requireAnswer(t, 200, `{"leases":[]}`, ask(t, r.Service, "leases", request{}))
}

func listAll(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	begin := time.Now()
	one, two := mustHave(t, r.by(-time.Second), want("b", "a").of("first")), mustWait(t, r, "b")
	p := mustList(t, r.another(), nil)
	require.Len(t, p.Leases, 2)
	age := p.Leases[0].AgeMs
	require.GreaterOrEqual(t, age, int64(1000))
	require.LessOrEqual(t, age, 1000+time.Since(begin).Milliseconds()+1)
	require.Equal(t, listed{ID: one.ID, Owner: "first", Endpoints: []string{"a", "b"}, Token: one.Token, AgeMs: age, ExpiresAt: one.ExpiresAt}, p.Leases[0])
	require.Equal(t, listed{ID: two.ID, Owner: "somebody", Endpoints: []string{"b"}, Token: two.Token, ExpiresAt: two.ExpiresAt, Place: 1}, p.Leases[1])
	require.Zero(t, p.Cursor)
}

func listNoLocks(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "a")
	l := mustAcquire(t, r.Service, "b")
	p := mustList(t, r.Service, nil)
	require.Len(t, p.Leases, 1)
	require.Equal(t, l.ID, p.Leases[0].ID)
	require.Equal(t, 1, mustWaitPlace(t, r, "a"), "but it is counted among those before")
}

// mustWaitPlace waits in line, and returns at which place the list shows it.
func mustWaitPlace(t *testing.T, r *registry, endpoint string) int {
	t.Helper()
	waiting := mustWait(t, r, endpoint)
	for _, l := range mustList(t, r.Service, nil).Leases {
		if l.ID == waiting.ID {
			return l.Place
		}
	}
	require.FailNow(t, "it is not listed")
	return 0
}

func listNoSecrets(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	one, two := mustAcquire(t, r.Service, "a"), mustWait(t, r, "a")
	drawn := requireLease(t, 202, ask(t, r.Service, "acquire", request{body: want("a").waiting(time.Millisecond)}))
	for _, query := range []map[string]string{nil, {"limit": "1"}} {
		text := string(ask(t, r.another(), "leases", request{query: query}).Body)
		require.Contains(t, text, one.ID)
		for _, l := range []leased{one, two, drawn} {
			require.NotContains(t, strings.ToLower(text), strings.ToLower(l.Lease))
		}
	}
}

func listPages(t *testing.T, r *registry) {
	var all []string
	for i := range 5 {
		mustPut(t, r.Service, fmt.Sprint(i))
		all = append(all, mustAcquire(t, r.Service, fmt.Sprint(i)).ID)
	}
	for limit, sizes := range map[string][]int{"1": {1, 1, 1, 1, 1}, "2": {2, 2, 1}, "5": {5}, "1000": {5}} {
		var seen []string
		query := map[string]string{"limit": limit}
		for i, size := range sizes {
			p := mustList(t, r.another(), query)
			require.Len(t, p.Leases, size)
			for _, l := range p.Leases {
				seen = append(seen, l.ID)
			}
			require.Equal(t, i == len(sizes)-1, p.Cursor == 0, "a cursor if there is more, of %s", limit)
			query["cursor"] = fmt.Sprint(p.Cursor)
		}
		require.Equal(t, all, seen, "by token, none twice")
	}
}

func listDefault(t *testing.T, r *registry) {
	var wg sync.WaitGroup
	for i := range 101 {
		wg.Go(func() {
			_, err := r.Leases.Enqueue(t.Context(), lease.Request{Secret: lease.NewSecret(), Keys: []string{fmt.Sprint(i)}, TTL: time.Minute})
			require.NoError(t, err)
		})
	}
	wg.Wait()
	p := mustList(t, r.Service, nil)
	require.Len(t, p.Leases, 100)
	require.Equal(t, p.Leases[99].Token, p.Cursor)
	rest := mustList(t, r.Service, map[string]string{"cursor": fmt.Sprint(p.Cursor)})
	require.Len(t, rest.Leases, 1)
	require.Greater(t, rest.Leases[0].Token, p.Cursor)
}

func listOfGone(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustRelease(t, r.Service, mustAcquire(t, r.Service, "a"))
	mustAcquire(t, r.by(-hour), "a")
	l := mustAcquire(t, r.Service, "a")
	p := mustList(t, r.Service, nil)
	require.Len(t, p.Leases, 1)
	require.Equal(t, lease.PublicID(l.Lease), p.Leases[0].ID)
}
