package compute_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/pi"
	"lockstep/wasmclient/compute"
)

func progress(t *testing.T, line string) compute.Progress {
	t.Helper()
	p, err := compute.ParseProgress([]byte(line))
	require.NoError(t, err)
	require.Equal(t, line, string(p.JSON))
	return p
}

// A line tells the estimate of the shards that are done, but not of how many simulations
// it is: that follows.
func TestPoints(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{101, 1 << 20, 123_456_789, 1_000_000_000_000_000} {
		value, deviation := pi.Estimate(n/100*78, n)
		line, err := json.Marshal(map[string]any{"done": 1, "of": 3, "pi": value, "standard_error": deviation})
		require.NoError(t, err)
		point, is := progress(t, string(line)).Point()
		require.True(t, is)
		require.InEpsilon(t, n, point.Simulations, 1e-12)
		require.Equal(t, [2]float64{value, deviation}, [2]float64{point.Pi, point.StandardError})
	}
	for _, line := range []string{`{"done":0,"of":3}`, `{"done":1,"of":3,"pi":4,"standard_error":0}`} {
		_, is := progress(t, line).Point()
		require.False(t, is, line)
	}
	point, is := progress(t, done).Point()
	require.True(t, is)
	require.Equal(t, compute.Point{Simulations: 3_000_000_000, Pi: 3.1415, StandardError: 0.00003}, point)
}

func TestProgress(t *testing.T) {
	t.Parallel()
	running := progress(t, `{"id":"r","state":"running","done":1,"of":3}`)
	require.False(t, running.Ended())
	ended := progress(t, done)
	require.True(t, ended.Ended())
	require.False(t, ended.HasFailed())
	require.Equal(t, int64(3_000_000_000), ended.Answer.Simulations)
	require.Equal(t, [2]int{3, 3}, [2]int{ended.Done, ended.Of})
	for _, line := range []string{`{}`, `1`, `{"done":4,"of":3}`, `{"done":-1,"of":3}`, `{"error":"x"}`, `{"simulations":100}`, `{"simulations":"1"}`} {
		_, err := compute.ParseProgress([]byte(line))
		require.Error(t, err, line)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	shards := make([]string, 13)
	for i := range shards {
		shards[i] = fmt.Sprintf(`{"shard":%d,"attempts":6,"error":"no memory"}`, i)
	}
	for failed, want := range map[string]string{
		strings.Join(shards[1:2], ","): "run r failed: shard 1 failed 6 times: no memory",
		strings.Join(shards[1:3], ","): "run r failed: shard 1 failed 6 times: no memory\n  shard 1: no memory (attempts: 6)\n  shard 2: no memory (attempts: 6)",
		strings.Join(shards, ","):      "\n  shard 9: no memory (attempts: 6)\n  and 3 more",
	} {
		p := progress(t, `{"id":"r","state":"failed","done":0,"of":99,"error":"shard 1 failed 6 times: no memory","failed_shards":[`+failed+`]}`)
		require.True(t, p.Ended() && p.HasFailed())
		require.True(t, strings.HasSuffix(p.Failure(), want), p.Failure())
	}
}
