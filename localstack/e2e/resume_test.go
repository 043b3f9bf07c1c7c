package e2e_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// watched returns the lines of one whole answer of GET /watch.
func watched(ctx context.Context, t *testing.T, base, query string) (events []event) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/watch?"+query, nil)
	require.NoError(t, err)
	answer, err := (&http.Client{Transport: client()}).Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "application/x-ndjson", answer.Header.Get("Content-Type"))
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		var e event
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e), lines.Text())
		_, err := time.Parse("2006-01-02T15:04:05.000Z", e.At)
		require.NoError(t, err)
		events = append(events, e)
	}
	require.NoError(t, lines.Err())
	require.NotEmpty(t, events, "there is a heartbeat at least")
	return events
}

// lastSeen returns the seq of the last event that there was.
func lastSeen(t *testing.T, s server) int64 {
	t.Helper()
	seen := watched(t.Context(), t, s.watch, "for_ms=0")
	return seen[len(seen)-1].Seq
}

// follow watches on from the last seq until there were n events about the endpoints
// beside what operators do to them, and returns these. It comes back every second,
// and holds that nothing comes twice or out of order.
func follow(t *testing.T, s server, last int64, n int, endpoints ...string) (happened []event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	about := func(name string) bool { return slices.Contains(endpoints, name) }
	for len(happened) < n {
		for _, seen := range watched(ctx, t, s.watch, "for_ms=1000&since="+strconv.FormatInt(last, 10)) {
			if seen.Event == "heartbeat" {
				require.Equal(t, last, seen.Seq)
				continue
			}
			require.Greater(t, seen.Seq, last)
			last = seen.Seq
			if slices.ContainsFunc(seen.Endpoints, about) && seen.Owner != "an operator's change" {
				happened = append(happened, seen)
			}
		}
	}
	return happened
}

// Whoever watches from the last seq on sees the lock and the unlock, each once and
// in this order, however often it comes back. Deployed, what others did before may
// still arrive: so the endpoint is new.
func TestAWatchGoesOnWhereTheLastEnded(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		name := "watched-" + rand.Text()
		start := lastSeen(t, s)
		play(t, s.locks, []step{
			{what: "add", method: "PUT", path: "/" + name, body: `{"resources": []}`, status: 200},
			{what: "lock", method: "POST", path: "/" + name + "/lock", status: 200},
			{what: "free", method: "DELETE", path: "/" + name + "/lock", status: 200},
			{what: "delete", method: "DELETE", path: "/" + name, status: 200},
		})
		var happened []string
		for _, e := range follow(t, s, start, 2, name) {
			happened = append(happened, e.Event)
		}
		require.Equal(t, []string{"lock", "unlock"}, happened)
	})
}
