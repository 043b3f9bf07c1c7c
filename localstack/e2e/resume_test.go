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

// Whoever watches from the last seq on sees the lock and the unlock, each once and
// in this order, however often it comes back. Deployed, what others did before may
// still arrive: so the endpoint is new.
func TestAWatchGoesOnWhereTheLastEnded(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		name := "watched-" + rand.Text()
		start := watched(ctx, t, s.watch, "for_ms=0")
		play(t, s.locks, []step{
			{what: "add", method: "PUT", path: "/" + name, body: `{"resources": []}`, status: 200},
			{what: "lock", method: "POST", path: "/" + name + "/lock", status: 200},
			{what: "free", method: "DELETE", path: "/" + name + "/lock", status: 200},
			{what: "delete", method: "DELETE", path: "/" + name, status: 200},
		})
		var happened []string
		for last := start[len(start)-1].Seq; len(happened) < 2; {
			for _, seen := range watched(ctx, t, s.watch, "for_ms=1000&since="+strconv.FormatInt(last, 10)) {
				if seen.Event == "heartbeat" {
					require.Equal(t, last, seen.Seq)
					continue
				}
				require.Greater(t, seen.Seq, last)
				last = seen.Seq
				if slices.Equal([]string{name}, seen.Endpoints) {
					happened = append(happened, seen.Event)
				}
			}
		}
		require.Equal(t, []string{"lock", "unlock"}, happened)
	})
}
