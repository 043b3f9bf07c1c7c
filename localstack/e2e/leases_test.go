package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Leases, on any server of ours. Each has endpoints of its own, so that they stay
// out of each other's way; the namespace is the same.
func TestLeases(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		for name, test := range map[string]func(*testing.T, server){
			"who comes second waits":         theSecondWaits,
			"the old API sees leases":        oldClientsSeeLeases,
			"one can be repeated":            anAcquireIsRepeated,
			"one can be renewed":             aLeaseIsRenewed,
			"one that is not renewed ends":   aLeaseExpires,
			"an operator breaks one":         anOperatorBreaks,
			"an outdated one reads no more":  anOutdatedHolderReads,
			"nobody's write is lost":         nobodysWriteIsLost,
			"a query reads several":          aQueryReads,
			"a query is not served for ever": aQueryGivesUp,
			"many are listed in pages":       manyAreListed,
		} {
			t.Run(name, func(t *testing.T) {
				// LocalStack's default DynamoDB reads what it gives a stream as an item's images
				// before and after the write by itself: where two write at once it has wrong ones,
				// and so has watch.
				if !s.onLocalStack() {
					t.Parallel()
				}
				test(t, s)
			})
		}
	})
}

// waits is longer than anything here is waited for.
const waits = 20 * time.Second

// First come, first served at each endpoint; and whoever watches sees it all.
func theSecondWaits(t *testing.T, s server) {
	a, b, c := newEndpoint(t, s), newEndpoint(t, s), newEndpoint(t, s)
	start := lastSeen(t, s)
	first, second, third := newHolder(s, "first"), newHolder(s, "second"), newHolder(s, "third")
	first.acquire(t, http.StatusCreated, 0, b, a)
	require.Len(t, first.leased.Endpoints, 2)

	granted := beside(t, func() { second.acquire(t, http.StatusCreated, waits, b, c) })
	line := follow(t, s, start, 2, a.name, b.name, c.name)
	require.Equal(t, "wait", line[1].Event, "%+v", line)

	play(t, s.locks, []step{
		{what: "lock what somebody waits for", method: "POST", path: "/" + c.name + "/lock", status: 403, error: "'" + c.name + "' is already locked"},
		{what: "lease what somebody waits for", method: "POST", path: "/leases", body: wants(t, "third", longTTL, 0, c),
			status: 409, error: "'" + c.name + "' is already locked", check: inTheWay(c, "second")},
	})
	third.acquire(t, http.StatusAccepted, time.Millisecond, a, c)
	require.Equal(t, 2, *third.leased.Ahead, "the first holds one, the second waits for the other")

	first.release(t)
	granted()
	third.look(t, false, 0)
	require.Equal(t, 1, *third.leased.Ahead)
	second.release(t)
	third.look(t, true, waits)
	third.release(t)
	first.gone(t)

	line = append(line, follow(t, s, line[1].Seq, 6, a.name, b.name, c.name)...)
	requireLine(t, line, []*holder{first, second, third}, "grant first", "wait second", "wait third",
		"release first", "grant second", "release second", "grant third", "release third")
	require.Less(t, first.leased.Token, second.leased.Token)
	require.Less(t, second.leased.Token, third.leased.Token)
}

// requireLine holds what a watcher saw of the holders' leases, as "grant OWNER".
func requireLine(t *testing.T, line []event, holders []*holder, want ...string) {
	t.Helper()
	var have []string
	for _, e := range line {
		have = append(have, e.Event+" "+e.Owner)
		i := slices.IndexFunc(holders, func(h *holder) bool { return h.leased.ID == e.ID })
		require.GreaterOrEqual(t, i, 0, "%v is nobody's", e)
		require.Equal(t, holders[i].owner, e.Owner)
		require.Equal(t, holders[i].leased.Token, e.Token)
		require.Equal(t, holders[i].leased.Endpoints, e.Endpoints)
	}
	require.Equal(t, want, have)
}

// inTheWay checks that a refusal says who is in the way, and until when.
func inTheWay(e endpoint, owner string) func(*testing.T, []byte) {
	return func(t *testing.T, body []byte) {
		t.Helper()
		var way struct {
			Endpoint  string `json:"endpoint"`
			Owner     string `json:"owner"`
			ExpiresAt string `json:"expires_at"`
		}
		require.NoError(t, json.Unmarshal(body, &way))
		require.Equal(t, e.name, way.Endpoint)
		require.Equal(t, owner, way.Owner)
		_, err := time.Parse("2006-01-02T15:04:05.000Z", way.ExpiresAt)
		require.NoError(t, err)
	}
}

func oldClientsSeeLeases(t *testing.T, s server) {
	a, b := newEndpoint(t, s, newResources(1)...), newEndpoint(t, s)
	h := newHolder(s, "a worker")
	h.acquire(t, http.StatusCreated, 0, a)
	play(t, s.locks, []step{
		{what: "lock", method: "POST", path: "/" + a.name + "/lock", status: 403, error: "'" + a.name + "' is already locked", check: shows(s.locks, a.name, true)},
		{what: "free", method: "DELETE", path: "/" + a.name + "/lock", status: 403, error: "'" + a.name + "' is locked by a lease"},
		{what: "read", method: "GET", path: a.reading(), status: 403, error: "'" + a.name + "' must be locked to access its state"},
		{what: "delete", method: "DELETE", path: "/" + a.name, status: 409, error: "'" + a.name + "' is locked"},
	})
	require.JSONEq(t, `{"state": "initial"}`, string(h.ask(t, http.StatusOK, "GET", a.reading(), "").body))
	h.release(t)
	require.JSONEq(t, `{"error": "the lease does not hold '`+a.name+`'"}`, string(h.ask(t, http.StatusForbidden, "GET", a.reading(), "").body))

	// The other way round: a lease waits behind a lock, which has no owner and no end.
	play(t, s.locks, []step{
		{what: "lock", method: "POST", path: "/" + b.name + "/lock", status: 200},
		{what: "lease what is locked", method: "POST", path: "/leases", body: wants(t, "late", longTTL, 0, b), status: 409, error: "'" + b.name + "' is already locked",
			check: func(t *testing.T, body []byte) {
				t.Helper()
				require.JSONEq(t, `{"error": "'`+b.name+`' is already locked", "endpoint": "`+b.name+`", "owner": ""}`, string(body))
			}},
	})
	requireListedLock(t, s, b)
	late := newHolder(s, "late")
	late.acquire(t, http.StatusAccepted, time.Millisecond, b)
	play(t, s.locks, []step{{what: "free", method: "DELETE", path: "/" + b.name + "/lock", status: 200}})
	late.look(t, true, waits)
	late.release(t)
}

// requireListedLock holds that the list of leases has the endpoint's lock too, which
// is nobody's and has no end.
func requireListedLock(t *testing.T, s server, e endpoint) {
	t.Helper()
	got := call(t, s.locks, step{method: "GET", path: "/leases"})
	require.Equal(t, http.StatusOK, got.status)
	var page struct{ Locks []map[string]any }
	require.NoError(t, json.Unmarshal(got.body, &page))
	i := slices.IndexFunc(page.Locks, func(l map[string]any) bool { return l["endpoint"] == e.name })
	require.GreaterOrEqual(t, i, 0, "%s", got.body)
	require.NotZero(t, page.Locks[i]["token"])
	require.Contains(t, page.Locks[i], "age_ms")
	require.NotContains(t, page.Locks[i], "expires_at")
}

// Repeats with the same id are the same lease, until it is over; then the id is used.
func anAcquireIsRepeated(t *testing.T, s server) {
	a := newEndpoint(t, s)
	for _, wait := range []time.Duration{0, time.Second} {
		h := newHolder(s, "who asks twice")
		for range 3 {
			h.acquire(t, http.StatusCreated, wait, a)
		}
		h.release(t)
		h.ask(t, http.StatusGone, "POST", "/leases", wants(t, h.owner, longTTL, wait, a))
		h.gone(t)
	}
	// Given up before it came: it must not take anything any more.
	h := newHolder(s, "who has left")
	h.ask(t, http.StatusNotFound, "DELETE", "/leases", "")
	h.ask(t, http.StatusGone, "POST", "/leases", wants(t, h.owner, longTTL, 0, a))
}

func aLeaseIsRenewed(t *testing.T, s server) {
	h := newHolder(s, "a worker")
	h.acquire(t, http.StatusCreated, 0, newEndpoint(t, s))
	before := h.leased.ExpiresAt
	h.told(t, h.ask(t, http.StatusOK, "PUT", "/leases", `{"ttl_ms": 900000}`), true)
	renewed := h.leased.ExpiresAt
	require.Less(t, before, renewed)
	h.told(t, h.ask(t, http.StatusOK, "PUT", "/leases", `{"ttl_ms": 100}`), true)
	require.Equal(t, renewed, h.leased.ExpiresAt, "a renewal takes nothing away")
	h.release(t)
}

// Whoever does not renew is evicted for the next one's sake.
func aLeaseExpires(t *testing.T, s server) {
	a := newEndpoint(t, s)
	start := lastSeen(t, s)
	dead, next := newHolder(s, "dead"), newHolder(s, "next")
	dead.told(t, dead.ask(t, http.StatusCreated, "POST", "/leases", wants(t, dead.owner, 100*time.Millisecond, 0, a)), true)
	next.acquire(t, http.StatusCreated, waits, a)
	dead.gone(t)
	next.release(t)
	requireLine(t, follow(t, s, start, 5, a.name), []*holder{dead, next},
		"grant dead", "wait next", "eviction dead", "grant next", "release next")
}

// listed is a lease as everybody may see it.
type listed struct {
	ID        string   `json:"id"`
	Owner     string   `json:"owner"`
	Endpoints []string `json:"endpoints"`
	Token     int64    `json:"token"`
	AgeMs     *int64   `json:"age_ms"`
	ExpiresAt string   `json:"expires_at"`
	Place     *int     `json:"place"`
}

func manyAreListed(t *testing.T, s server) {
	a := newEndpoint(t, s)
	var line []*holder
	for i := range 5 {
		h, status := newHolder(s, strconv.Itoa(i)), http.StatusCreated
		if i > 0 {
			status = http.StatusAccepted
		}
		h.acquire(t, status, time.Millisecond, a)
		line = append(line, h)
	}
	found := map[string]listed{}
	for cursor := int64(0); ; {
		got := call(t, s.locks, step{method: "GET", path: "/leases?limit=2&cursor=" + strconv.FormatInt(cursor, 10)})
		require.Equal(t, http.StatusOK, got.status)
		var page struct {
			Leases []listed `json:"leases"`
			Cursor int64    `json:"cursor"`
		}
		require.NoError(t, json.Unmarshal(got.body, &page))
		require.LessOrEqual(t, len(page.Leases), 2)
		for _, l := range page.Leases {
			require.Greater(t, l.Token, cursor)
			found[l.ID] = l
		}
		for _, h := range line {
			require.False(t, bytes.Contains(got.body, []byte(h.secret)), "a secret in the list")
		}
		if cursor = page.Cursor; cursor == 0 {
			break
		}
	}
	for i, h := range line {
		l := found[h.leased.ID]
		require.Equal(t, h.owner, l.Owner)
		require.Equal(t, h.leased.Endpoints, l.Endpoints)
		require.Equal(t, h.leased.Token, l.Token)
		require.Equal(t, i, *l.Place)
		require.GreaterOrEqual(t, *l.AgeMs, int64(0))
		h.release(t) // also those who wait
	}
}
