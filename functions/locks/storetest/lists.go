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
	"locks of old clients, beside":     listLocks,
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
	Leases []listed     `json:"leases"`
	Locks  []lockListed `json:"locks"`
	Cursor int64        `json:"cursor"`
}

// lockListed is a lock of an old client in the list.
type lockListed struct {
	Endpoint  string `json:"endpoint"`
	Token     int64  `json:"token"`
	AgeMs     int64  `json:"age_ms"`
	ExpiresAt string `json:"expires_at"`
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

func listLocks(t *testing.T, r *registry) {
	for _, name := range []string{"a", "b", "c"} {
		mustPut(t, r.Service, name, 1)
	}
	limited := r.by(-time.Second)
	limited.LockLimit = time.Hour
	mustLock(t, limited, "b")
	l, m := mustAcquire(t, r.Service, "c"), mustWait(t, r, "c")
	mustLock(t, r.Service, "a")
	first := mustList(t, r.another(), map[string]string{"limit": "1"})
	require.Len(t, first.Leases, 1)
	require.Equal(t, l.ID, first.Leases[0].ID, "a lock is no lease")
	require.Len(t, first.Locks, 2)
	b, a := first.Locks[0], first.Locks[1]
	require.Less(t, b.Token, l.Token)
	require.Greater(t, a.Token, m.Token)
	require.GreaterOrEqual(t, b.AgeMs, int64(1000))
	require.WithinDuration(t, time.Now().Add(time.Hour), leased{ExpiresAt: b.ExpiresAt}.expires(t), time.Minute)
	require.Equal(t, lockListed{Endpoint: "b", Token: b.Token, AgeMs: b.AgeMs, ExpiresAt: b.ExpiresAt}, b)
	require.Equal(t, lockListed{Endpoint: "a", Token: a.Token, AgeMs: a.AgeMs}, a, "one without a limit has no end")
	second := mustList(t, r.Service, map[string]string{"limit": "1", "cursor": fmt.Sprint(first.Cursor)})
	require.Equal(t, m.ID, second.Leases[0].ID)
	require.Empty(t, second.Locks, "once, with the first page")
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
