package sim_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/sim"
)

// hundred is 100 answered queries of 1 to 100 ms, not in order, and three failed
// ones whose latencies would spoil every figure.
func hundred() []sim.Sample {
	var samples []sim.Sample
	for i := range 100 {
		samples = append(samples, sim.Sample{Resources: 1, Latency: time.Duration((i*37)%100+1) * time.Millisecond})
	}
	for _, latency := range []time.Duration{0, time.Hour, -1} {
		samples = append(samples, sim.Sample{Latency: latency, Err: errors.New("lost, \"quoted\"\nand broken")})
	}
	return samples
}

func TestSummarize(t *testing.T) {
	t.Parallel()
	r := sim.Summarize("group", hundred(), 2*time.Second, 206, 103, []string{"a"})
	require.Equal(t, 103, r.Queries)
	require.Equal(t, 3, r.Failed)
	require.InDelta(t, 2.0, r.Makespan, 0)
	require.InDelta(t, 2.0, r.CallsPerQuery, 0)
	require.InDelta(t, 1.0, r.LocksPerQuery, 0)
	require.InDelta(t, 0.001, r.Latency.Min, 1e-12)
	require.InDelta(t, 0.0505, r.Latency.Mean, 1e-12)
	require.InDelta(t, 0.050, r.Latency.P50, 1e-12)
	require.InDelta(t, 0.099, r.Latency.P99, 1e-12)
	require.InDelta(t, 0.100, r.Latency.Max, 1e-12)
}

func TestNothingAnswered(t *testing.T) {
	t.Parallel()
	failed := []sim.Sample{{Err: errors.New("no")}}
	r := sim.Summarize("group", failed, time.Second, 1, 0, nil)
	require.Nil(t, r.Latency, "no latency is neither 0 nor infinite")
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, `{"strategy": "group", "queries": 1, "failed": 1, "makespan_s": 1, "latency_s": null,
		"calls_per_query": 1, "locks_per_query": 0, "possibly_locked": [], "first_error": "no"}`, string(text))
	var table strings.Builder
	require.NoError(t, sim.WriteTable(&table, r))
	require.NotContains(t, table.String(), "NaN")
	require.Contains(t, table.String(), "1 failed, the first: no")
	require.NotPanics(t, func() { sim.Summarize("group", nil, 0, 0, 0, nil) })
}

func TestTable(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	require.NoError(t, sim.WriteTable(&table, sim.Summarize("group", hundred()[:100], time.Second, 71, 10, []string{"a", "b"})))
	require.Equal(t, `strategy  queries  failed  makespan      min     mean      p50      p99      max  calls/query  locks/query
group         100       0   1.000 s  0.001 s  0.050 s  0.050 s  0.099 s  0.100 s         0.71         0.10
possibly left locked, as the answer to a call was lost: a, b
`, table.String())
}

func TestCSV(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, sim.WriteCSV(&out, hundred()))
	rows, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 104)
	require.Equal(t, []string{"query", "resources", "start_s", "latency_s", "error"}, rows[0])
	require.Equal(t, []string{"1", "1", "0.000000", "0.001000", ""}, rows[1])
	require.Equal(t, "lost, \"quoted\"\nand broken", rows[101][4])
}
