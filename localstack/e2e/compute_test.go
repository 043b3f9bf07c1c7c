package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/pi"
)

const computeUser = `{"username":"4711","password":"4711-pw"`

// counted returns how many of the first n samples are inside.
func counted(t *testing.T, seed uint64, n int64) int64 {
	t.Helper()
	sampler, err := pi.New(pi.Auto)
	require.NoError(t, err)
	hits, err := pi.NewPool(sampler, 2).Count(t.Context(), seed, pi.Range{N: n}, 2)
	require.NoError(t, err)
	return hits
}

func loginsOf(t *testing.T, base string) map[string]int64 {
	t.Helper()
	got := call(t, base, step{method: "GET", path: "/logins"})
	require.Equal(t, http.StatusOK, got.status, "%s", got.body)
	var all map[string]int64
	require.NoError(t, json.Unmarshal(got.body, &all))
	return all
}

// The compute service's contract over HTTP.
func TestCompute(t *testing.T) {
	computers(t, func(t *testing.T, base, _ string) {
		before := loginsOf(t, base)["4711"]
		want, deviation := pi.Estimate(counted(t, 9, 1_000_003), 1_000_003)
		play(t, base, []step{
			{what: "nobody", method: "POST", path: "/pi", body: `{"simulations":100}`, status: 401, error: "user info error"},
			{what: "no JSON", method: "POST", path: "/pi/cluster", body: `x`, status: 401, error: "user info error"},
			{what: "nothing to do", method: "POST", path: "/pi", body: computeUser + `}`, status: 400, error: "missing field simulations"},
			{what: "too little", method: "POST", path: "/pi", body: computeUser + `,"simulations":99}`, status: 400, error: "invalid field simulations"},
			{what: "an estimate", method: "POST", path: "/pi", body: computeUser + `,"simulations":1000003,"concurrency":3,"seed":9}`, status: 200,
				check: func(t *testing.T, body []byte) {
					t.Helper()
					var got map[string]any
					require.NoError(t, json.Unmarshal(body, &got))
					require.IsType(t, 0.0, got["time"])
					delete(got, "time")
					require.Equal(t, map[string]any{
						"simulations": 1000003.0, "concurrency": 3.0, "seed": 9.0, "pi": want, "standard_error": deviation,
						"simulations_distribution": []any{333335.0, 333334.0, 333334.0},
					}, got)
				}},
			{what: "a run of nobody", method: "GET", path: "/pi/cluster/x", status: 404, error: "there is no run 'x'"},
			{what: "no protocol", method: "POST", path: "/quote", body: computeUser + `}`, status: 400, error: "missing field protocol"},
			{what: "health", method: "GET", path: "/health", status: 200},
		})
		require.Equal(t, before+4, loginsOf(t, base)["4711"])
	})
}

func TestQuotes(t *testing.T) {
	notWithURL(t)
	computers(t, func(t *testing.T, base, _ string) {
		for protocol, mark := range map[string]string{"tcp": "T", "udp": "U"} {
			play(t, base, []step{{what: protocol, method: "POST", path: "/quote", body: computeUser + `,"protocol":"` + protocol + `","concurrency":8}`, status: 200,
				check: func(t *testing.T, body []byte) {
					t.Helper()
					var got struct{ Quotes []string }
					require.NoError(t, json.Unmarshal(body, &got))
					require.Len(t, got.Quotes, 8)
					for _, q := range got.Quotes {
						require.True(t, strings.HasPrefix(q, mark), q)
					}
				}}})
		}
	})
}

// Twenty shards of 10^8. Where the bundle is deployed for tests, one of them fails
// twice, and one is run twice: all the same, each counts once.
func TestARunOfACluster(t *testing.T) {
	computers(t, func(t *testing.T, base, progress string) {
		const shards, simulations, seed = 20, 2_000_000_000, 5
		begun := call(t, base, step{method: "POST", path: "/pi/cluster", body: fmt.Sprintf(`%s,"simulations":%d,"shards":%d,"seed":%d}`, computeUser, simulations, shards, seed)})
		require.Equal(t, http.StatusAccepted, begun.status, "%s", begun.body)
		var run struct{ ID string }
		require.NoError(t, json.Unmarshal(begun.body, &run))
		if *shardAt != "" {
			runTwice(t, *shardAt, run.ID, 7)
		}
		last := followRun(t, progress, run.ID)
		want, deviation := pi.Estimate(counted(t, seed, simulations), simulations)
		require.Equal(t, "done", last["state"], last)
		require.Equal(t, want, last["pi"])                  //nolint:testifylint // bit for bit
		require.Equal(t, deviation, last["standard_error"]) //nolint:testifylint // bit for bit
		answer := call(t, base, step{method: "GET", path: "/pi/cluster/" + run.ID})
		require.Equal(t, http.StatusOK, answer.status)
		var same map[string]any
		require.NoError(t, json.Unmarshal(answer.body, &same))
		require.Equal(t, last, same)
	})
}

// followRun follows a run to its end, and returns the last line.
func followRun(t *testing.T, progress, id string) (last map[string]any) {
	t.Helper()
	for last["state"] != "done" && last["state"] != "failed" {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, progress+"/pi/cluster/"+id+"/progress?for_ms=5000", nil)
		require.NoError(t, err)
		answer, err := (&http.Client{Transport: client()}).Do(r)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		done := -1.0
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			last = map[string]any{}
			require.NoError(t, json.Unmarshal(lines.Bytes(), &last), "%s", lines.Bytes())
			if now, running := last["done"].(float64); running {
				require.GreaterOrEqual(t, now, done)
				done = now
			}
		}
		require.NoError(t, answer.Body.Close())
	}
	return last
}

// runTwice runs a shard by hand, beside the state machine that runs it as well.
func runTwice(t *testing.T, lambda, run string, shard int) {
	t.Helper()
	post := func(method, path, body string) []byte {
		r, err := http.NewRequestWithContext(t.Context(), method, lambda+path, strings.NewReader(body))
		require.NoError(t, err)
		answer, err := (&http.Client{Transport: client()}).Do(r)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode, "%s", text)
		require.Empty(t, answer.Header.Get("X-Amz-Function-Error"), "%s", text)
		return text
	}
	var all struct {
		Functions []struct{ FunctionName string }
	}
	require.NoError(t, json.NewDecoder(bytes.NewReader(post(http.MethodGet, "/2015-03-31/functions/?MaxItems=1000", ""))).Decode(&all))
	for _, f := range all.Functions {
		if strings.Contains(f.FunctionName, "-ComputeShard-") {
			for range 2 {
				post(http.MethodPost, "/2015-03-31/functions/"+f.FunctionName+"/invocations", fmt.Sprintf(`{"run":"%s","shard":%d}`, run, shard))
			}
			return
		}
	}
	require.Fail(t, "there is no function for shards")
}
