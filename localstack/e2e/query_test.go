package e2e_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asking is the body of a query.
func asking(wait time.Duration, ids ...string) string {
	return `{"resources": [` + strings.Join(ids, ",") + `], "wait_ms": ` + strconv.FormatInt(wait.Milliseconds(), 10) + `}`
}

// A query needs no lease of the caller's, and leaves none behind. It reads each
// resource once, whichever endpoints serve it.
func aQueryReads(t *testing.T, s server) {
	ids := newResources(4)
	a, b := newEndpoint(t, s, ids[0], ids[1], ids[2]), newEndpoint(t, s, ids[2], ids[3])
	start := lastSeen(t, s)
	h := newHolder(s, "a writer")
	h.acquire(t, http.StatusCreated, 0, a, b)
	h.ask(t, http.StatusOK, "PUT", "/resources", write(t, "written", ids[0], ids[2], ids[3]))
	h.release(t)

	got := call(t, s.locks, step{method: "POST", path: "/query", body: asking(waits, slices.Concat(ids, ids)...)})
	require.Equal(t, http.StatusOK, got.status, "%s", got.body)
	var answer struct {
		States    map[string]string `json:"states"`
		Endpoints []string          `json:"endpoints"`
		Token     int64             `json:"token"`
		ReadAt    string            `json:"read_at"`
	}
	require.NoError(t, json.Unmarshal(got.body, &answer))
	require.Equal(t, map[string]string{ids[0]: "written", ids[1]: "initial", ids[2]: "written", ids[3]: "written"}, answer.States)
	require.ElementsMatch(t, []string{a.name, b.name}, answer.Endpoints)
	require.Less(t, h.leased.Token, answer.Token)
	_, err := time.Parse("2006-01-02T15:04:05.000Z", answer.ReadAt)
	require.NoError(t, err)

	var line []string
	for _, e := range follow(t, s, start, 4, a.name, b.name) {
		line = append(line, e.Event+" "+e.Owner)
	}
	require.Equal(t, []string{"grant a writer", "release a writer", "grant contract", "release contract"}, line)

	missing := []string{"9007199254740990", "9007199254740991"}
	play(t, s.locks, []step{{what: "ids that nobody serves", method: "POST", path: "/query", body: asking(waits, append(missing, ids...)...),
		status: 404, error: "no endpoint serves " + strings.Join(missing, ", "), check: func(t *testing.T, body []byte) {
			t.Helper()
			var told struct{ Resources []int64 }
			require.NoError(t, json.Unmarshal(body, &told))
			require.Equal(t, []int64{9007199254740990, 9007199254740991}, told.Resources)
		}}})
}

// Where others hold the endpoints for longer than the caller waits, it is told so,
// and when to come back.
func aQueryGivesUp(t *testing.T, s server) {
	a := newEndpoint(t, s, newResources(1)...)
	h := newHolder(s, "a worker")
	h.acquire(t, http.StatusCreated, 0, a)
	got := call(t, s.locks, step{method: "POST", path: "/query", body: asking(time.Millisecond, a.ids...)})
	require.Equal(t, http.StatusServiceUnavailable, got.status, "%s", got.body)
	require.NotEmpty(t, got.header.Get("Retry-After"))
	require.Contains(t, errorOf(t, got), "'"+a.name+"'")
	h.release(t)
}
