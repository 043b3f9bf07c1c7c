//go:build !js

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

// Without an address everything is simulated, the same each time.
func TestSimulateAWorld(t *testing.T) {
	t.Parallel()
	code, first, errs := commandLine(t.Context(), "simulate", "--json", "--clients", "2", "--queries", "100")
	require.Zero(t, code, errs)
	var report sim.Report
	require.NoError(t, json.Unmarshal([]byte(first), &report))
	require.Equal(t, 200, report.Queries)
	require.Equal(t, 2, report.Clients)
	require.Zero(t, report.Failed)
	require.Len(t, report.Hash, 16)
	_, second, _ := commandLine(t.Context(), "simulate", "--json", "--clients", "2", "--queries", "100")
	require.Equal(t, first, second)
	_, other, _ := commandLine(t.Context(), "simulate", "--json", "--clients", "2", "--queries", "100", "--seed", "2")
	require.NotEqual(t, first, other)
}

func TestSimulateTheLadder(t *testing.T) {
	t.Parallel()
	code, out, errs := commandLine(t.Context(), "simulate", "--ladder", "--queries", "100")
	require.Zero(t, code, errs)
	lines := strings.Split(out, "\n")
	require.Contains(t, lines[0], "step")
	for i, strategy := range syncquery.Strategies() {
		require.True(t, strings.HasPrefix(lines[1+i], string(strategy)), lines[1+i])
		require.Equal(t, i > 0, strings.HasSuffix(lines[1+i], " x"), "how many times faster than the one before")
	}
}

func TestSimulateIntoFiles(t *testing.T) {
	t.Parallel()
	for where, args := range map[string][]string{"world": nil, "server": {"--url", old(t)}} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			csv, trace, plot := filepath.Join(folder, "a.csv"), filepath.Join(folder, "a.ndjson"), filepath.Join(folder, "a.svg")
			code, _, errs := commandLine(t.Context(), append([]string{"simulate", "--queries", "50", "--out", csv, "--trace", trace, "--plot", plot}, args...)...)
			require.Zero(t, code, errs)
			rows, err := os.ReadFile(csv)
			require.NoError(t, err)
			require.Equal(t, 51, strings.Count(string(rows), "\n"))
			events, err := os.ReadFile(trace)
			require.NoError(t, err)
			for _, event := range []string{`"ask"`, `"locked"`, `"state"`, `"unlocked"`, `"answer"`} {
				require.Contains(t, string(events), `"event":`+event)
			}
			picture, err := os.ReadFile(plot)
			require.NoError(t, err)
			require.Contains(t, string(picture), "<svg")
		})
	}
}

// What make worlds finds is run again by its seed.
func TestReplay(t *testing.T) {
	t.Parallel()
	_, out, _ := commandLine(t.Context(), "simulate", "--json", "--replay", "7")
	var report sim.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	world, err := sim.NewWorld(sim.RandomWorld(7))
	require.NoError(t, err)
	for world.Advance(steps) {
	}
	require.Equal(t, world.Report().Hash, report.Hash)
}

func TestAnInterruptedWorldEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, out, _ := commandLine(ctx, "simulate", "--strategy", "serial")
	require.Equal(t, exitInterrupted, code)
	require.Contains(t, out, "stopped")
}

// A trace is written a line an event, and has what applies to it.
func TestWriteATrace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "trace.ndjson")
	code, out, errs := commandLine(t.Context(), "simulate", "--json", "--queries", "3", "--workers", "1", "--trace", path)
	require.Zero(t, code, errs)
	var report sim.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, report.Events)
	seen := map[string]map[string]any{}
	for _, line := range lines {
		event := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(line), &event))
		seen[event["event"].(string)] = event
	}
	for event, has := range map[string][]string{
		"ask": {"query", "resource"}, "registry": {}, "lock": {"reading", "endpoint"}, "locked": {"reading", "endpoint"},
		"read": {"reading", "endpoint", "resource"}, "state": {"reading", "endpoint", "resource"},
		"unlock": {"reading", "endpoint"}, "unlocked": {"reading", "endpoint"}, "answer": {"query", "reading"},
	} {
		require.Contains(t, seen, event)
		require.ElementsMatch(t, append(has, "at_ms", "client", "event"), keys(seen[event]), event)
	}
}

func keys(m map[string]any) (all []string) {
	for key := range m {
		all = append(all, key)
	}
	return all
}
