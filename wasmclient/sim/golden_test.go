package sim_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/sim"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden worlds")

// golden is what the random world of a seed comes to, on every platform.
type golden struct {
	Seed     uint64  `json:"seed"`
	Events   int     `json:"events"`
	Hash     string  `json:"hash"`
	Makespan float64 `json:"makespan_s"`
}

const goldenFile = "testdata/golden.json"

// The same seed makes the same world wherever it is simulated: these tests also run under
// js/wasm.
func TestGoldenWorlds(t *testing.T) {
	t.Parallel()
	var worlds []golden
	for seed := range uint64(20) {
		r := runWorld(t, sim.RandomWorld(seed)).Report()
		worlds = append(worlds, golden{seed, r.Events, r.Hash, r.Makespan})
	}
	if *rewrite {
		text, err := json.MarshalIndent(worlds, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(goldenFile, append(text, '\n'), 0o600))
	}
	text, err := os.ReadFile(goldenFile)
	require.NoError(t, err)
	var want []golden
	require.NoError(t, json.Unmarshal(text, &want))
	require.Equal(t, want, worlds)
}
