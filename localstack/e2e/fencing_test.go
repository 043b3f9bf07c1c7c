package e2e_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// write is the body of a write of one state to resources.
func write(t *testing.T, state string, ids ...string) string {
	t.Helper()
	states := map[string]string{}
	for _, id := range ids {
		states[id] = state
	}
	return jsonOf(t, map[string]any{"states": states})
}

// reads holds what stands at an endpoint's first resource, read under the lease.
func (h *holder) reads(t *testing.T, want string, e endpoint) {
	t.Helper()
	require.JSONEq(t, jsonOf(t, map[string]string{"state": want}), string(h.ask(t, http.StatusOK, "GET", e.reading(), "").body))
}

// errorOf returns the text of an error.
func errorOf(t *testing.T, got reply) string {
	t.Helper()
	var answer struct{ Error string }
	require.NoError(t, json.Unmarshal(got.body, &answer))
	return answer.Error
}

// Whose lease an operator breaks neither reads nor writes any more, at once, and
// whatever the next one does.
func anOperatorBreaks(t *testing.T, s server) {
	ids := newResources(3)
	a, b, c := newEndpoint(t, s, ids[0], ids[1]), newEndpoint(t, s, ids[1]), newEndpoint(t, s, ids[2])
	start := lastSeen(t, s)
	old, next := newHolder(s, "old"), newHolder(s, "next")
	old.acquire(t, http.StatusCreated, 0, a, b)
	old.ask(t, http.StatusOK, "PUT", "/resources", write(t, "by the old one", ids[0], ids[1]))
	old.reads(t, "by the old one", a)
	old.reads(t, "by the old one", b)
	got := old.ask(t, http.StatusForbidden, "PUT", "/resources", write(t, "too far", ids[0], ids[2]))
	require.Equal(t, "the lease does not hold '"+c.name+"'", errorOf(t, got))
	got = old.ask(t, http.StatusForbidden, "GET", c.reading(), "")
	require.Equal(t, "the lease does not hold '"+c.name+"'", errorOf(t, got))
	got = old.ask(t, http.StatusNotFound, "PUT", "/resources", write(t, "nowhere", ids[0], "9007199254740991"))
	require.Equal(t, "no endpoint serves 9007199254740991", errorOf(t, got))
	old.leased.Token++
	old.ask(t, http.StatusPreconditionFailed, "PUT", "/resources", write(t, "with a token of nobody's", ids[0]))
	old.leased.Token--
	old.reads(t, "by the old one", a)

	breaking := "/leases/" + old.leased.ID + "/break"
	if *locksURL == "" { // where nobody signs, who it is must be said
		play(t, s.locks, []step{{what: "nobody breaks", method: "POST", path: breaking, status: 400, field: "X-Operator"}})
	}
	operator := map[string]string{"X-Operator": "the night shift"}
	play(t, s.locks, []step{
		{what: "break", method: "POST", path: breaking, header: operator, status: 200, check: func(t *testing.T, body []byte) {
			t.Helper()
			require.JSONEq(t, jsonOf(t, map[string]any{
				"id": old.leased.ID, "owner": "old", "endpoints": old.leased.Endpoints, "token": old.leased.Token,
			}), string(body))
		}},
		{what: "break again", method: "POST", path: breaking, header: operator, status: 404, error: "there is no such lease, or not any more"},
	})
	old.ask(t, http.StatusPreconditionFailed, "PUT", "/resources", write(t, "too late", ids[0]))
	old.ask(t, http.StatusForbidden, "GET", a.reading(), "")
	old.gone(t)

	next.acquire(t, http.StatusCreated, 0, a, b)
	require.Less(t, old.leased.Token, next.leased.Token)
	next.reads(t, "by the old one", a)
	next.ask(t, http.StatusOK, "PUT", "/resources", write(t, "by the next one", ids[0]))
	old.ask(t, http.StatusPreconditionFailed, "PUT", "/resources", write(t, "too late", ids[0]))
	token := old.leased.Token
	old.leased.Token = next.leased.Token // which everybody may know
	old.ask(t, http.StatusPreconditionFailed, "PUT", "/resources", write(t, "stolen", ids[0]))
	old.leased.Token = token
	next.reads(t, "by the next one", a)
	next.reads(t, "by the old one", b)
	next.release(t)
	requireLine(t, follow(t, s, start, 4, a.name, b.name), []*holder{old, next}, "grant old", "break old", "grant next", "release next")
}

// A resource that somebody with a higher token has read, through another endpoint,
// is closed to the lower one: what it read before is not of one moment with it.
func anOutdatedHolderReads(t *testing.T, s server) {
	id := newResources(1)
	a, b := newEndpoint(t, s, id...), newEndpoint(t, s, id...)
	low, high := newHolder(s, "low"), newHolder(s, "high")
	low.acquire(t, http.StatusCreated, 0, a)
	high.acquire(t, http.StatusCreated, 0, b)
	low.reads(t, "initial", a)
	high.reads(t, "initial", b)
	got := low.ask(t, http.StatusPreconditionFailed, "GET", a.reading(), "")
	require.Equal(t, "somebody with a higher fencing token than "+strconv.FormatInt(low.leased.Token, 10)+" has been there", errorOf(t, got))
	got = high.ask(t, http.StatusForbidden, "PUT", "/resources", write(t, "alone", id...))
	require.Equal(t, "the lease does not hold '"+a.name+"'", errorOf(t, got), "all endpoints that serve it are needed")
	low.release(t)
	high.release(t)
}

// Several count in one resource, each reading and writing under a lease of its own,
// on as many processes as the server has: every one of them counts.
func nobodysWriteIsLost(t *testing.T, s server) {
	const people, rounds = 4, 3
	id := newResources(1)
	a, b := newEndpoint(t, s, id...), newEndpoint(t, s, id...)
	var counted []func()
	for i := range people {
		counted = append(counted, beside(t, func() {
			for range rounds {
				h := newHolder(s, "person "+strconv.Itoa(i))
				h.acquire(t, http.StatusCreated, waits, a, b)
				var read struct{ State string }
				require.NoError(t, json.Unmarshal(h.ask(t, http.StatusOK, "GET", a.reading(), "").body, &read))
				n, _ := strconv.Atoi(read.State) // the initial state is no number
				h.ask(t, http.StatusOK, "PUT", "/resources", write(t, strconv.Itoa(n+1), id...))
				h.release(t)
			}
		}))
	}
	for _, wait := range counted {
		wait()
	}
	h := newHolder(s, "who looks")
	h.acquire(t, http.StatusCreated, 0, a)
	h.reads(t, strconv.Itoa(people*rounds), a)
	h.release(t)
}
