package plot_test

import (
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// small is a world with a bit of everything, of a strategy that nobody improves on.
func small(t *testing.T) *sim.World {
	t.Helper()
	w, err := sim.NewWorld(sim.Options{
		Workload: sim.Workload{Queries: 8, MaxResources: 3, Seed: 3},
		Strategy: syncquery.Baseline, Clients: 2, Workers: 4, Timeout: 10 * time.Second,
		World: sim.WorldOptions{
			Registry: syncquery.Registry{
				{Name: "alpha", Resources: []int64{1, 2}}, {Name: "beta & gamma", Resources: []int64{2, 3}},
				{Name: "delta", Resources: []int64{4}}, {Name: "unused"},
			},
			ReadTime: 100 * time.Millisecond, Latency: time.Millisecond, DropRate: 0.04, Record: true,
		},
	})
	require.NoError(t, err)
	for w.Advance(1 << 20) {
	}
	return w
}

func TestPlot(t *testing.T) {
	t.Parallel()
	w := small(t)
	p := draw(t, w.Trace(), w.Samples(), w.Report())
	path := filepath.Join("testdata", "plot.svg")
	if *rewrite {
		require.NoError(t, os.WriteFile(path, []byte(p.svg), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), p.svg)
}

func TestTheHeadlineHasTheFigures(t *testing.T) {
	t.Parallel()
	report := sim.Report{
		Strategy: "a <strategy>", Queries: 1000, Failed: 7, Makespan: 12.3456, CallsPerQuery: 0.714,
		Latency: &sim.Latency{Min: 0.1, Mean: 0.2, P50: 0.3, P99: 0.4, Max: 0.5},
		Facts:   &sim.Facts{Seed: 42, Clients: 4, BadReads: 1, LocksLeft: []string{"a", "b"}},
	}
	samples := []sim.Sample{{Latency: 2 * time.Second}} // which the report does not know of
	require.Equal(t, []string{
		"1000 synchronized queries, strategy a <strategy>", "simulated from seed 42, 4 clients, 1 bad read, 2 locks left",
		"12.346 s", "makespan", "0.200 s", "mean latency", "0.300 s", "p50", "0.400 s", "p99", "0.500 s", "longest", "0.71", "calls a query", "7", "failed",
		"How long queries took", "Who held which endpoint", "No lock was seen.",
	}, draw(t, nil, samples, report).texts(""))
	require.Equal(t, []string{
		"1 synchronized query, strategy group", "10.000 s", "makespan", "0.00", "calls a query",
		"How long queries took", "No query was answered.", "Who held which endpoint", "No lock was seen.",
	}, draw(t, sim.NewTrace(), []sim.Sample{{Err: errors.New("no")}}, tenSeconds).texts(""))
}

var bar = regexp.MustCompile(`M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)`)

// heights returns how high the histogram's bars are, in parts of the highest one.
func heights(t *testing.T, p picture) []float64 {
	t.Helper()
	var all []float64
	for _, e := range p.elements {
		if e.attributes["class"] == "bar" {
			for _, m := range bar.FindAllStringSubmatch(e.attributes["d"], -1) {
				height, err := strconv.ParseFloat(m[4], 64)
				require.NoError(t, err)
				all = append(all, height)
			}
		}
	}
	most := slices.Max(all)
	for i := range all {
		all[i] = math.Round(100*all[i]/most) / 100
	}
	return all
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	var samples []sim.Sample
	add := func(count int, latency time.Duration, err error) {
		for range count {
			samples = append(samples, sim.Sample{Latency: latency, Err: err})
		}
	}
	add(100, 200*time.Millisecond, nil)
	add(50, 500*time.Millisecond, nil)
	add(25, 500*time.Millisecond+1, nil)
	add(1000, 900*time.Millisecond, errors.New("too late"))
	p := draw(t, nil, samples, sim.Summarize("group", samples, time.Second, 0, 0, nil))
	require.Equal(t, []float64{1, 0.75}, heights(t, p), "failed ones are not counted")
	require.Equal(t, []string{"20", "40", "60", "80", "100", "0", "0.1 s", "0.2 s", "0.3 s", "0.4 s", "0.5 s", "p50 0.200 s", "p99 0.500 s"}, p.texts("histogram"))
	add(100_000, time.Second, nil)
	p = draw(t, nil, samples, sim.Summarize("group", samples, time.Second, 0, 0, nil))
	require.Equal(t, []float64{0.01, 0.01, 1}, heights(t, p), "few are seen beside many")
}

func TestTheHistogramSuitsAnyLatency(t *testing.T) {
	t.Parallel()
	for latency, last := range map[time.Duration]string{
		0: "0.000010 s", 30 * time.Microsecond: "0.000040 s", 7 * time.Millisecond: "0.007 s", 64 * time.Second: "60 s", 40 * time.Hour: "140000 s",
	} {
		samples := []sim.Sample{{Latency: latency}}
		p := draw(t, nil, samples, sim.Summarize("group", samples, latency, 0, 0, nil))
		ticks := p.texts("histogram")
		require.Equal(t, last, ticks[len(ticks)-3], "%s of %s", latency, ticks)
		require.Len(t, heights(t, p), 1)
	}
}

// Any trace makes a picture, and always the same.
func TestPlotsOfAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		endpoints := rapid.SliceOfN(rapid.String(), 1, 5).Draw(t, "endpoints")
		trace := &sim.Trace{Endpoints: endpoints}
		at := int64(0)
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			at += rapid.Int64Range(0, 1<<rapid.IntRange(0, 56).Draw(t, "scale")).Draw(t, "later")
			trace.At = append(trace.At, at)
			trace.Kind = append(trace.Kind, uint8(rapid.IntRange(0, len(syncquery.HappeningNames)-1).Draw(t, "kind")))
			trace.Client = append(trace.Client, rapid.Uint16Max(12).Draw(t, "client"))
			trace.Reading = append(trace.Reading, rapid.Int32Range(-1, 6).Draw(t, "reading"))
			trace.Endpoint = append(trace.Endpoint, rapid.Int32Range(-1, int32(len(endpoints)-1)).Draw(t, "endpoint"))
		}
		var samples []sim.Sample
		for range rapid.IntRange(0, 20).Draw(t, "samples") {
			s := sim.Sample{Latency: time.Duration(rapid.Int64Min(0).Draw(t, "latency") >> rapid.IntRange(8, 62).Draw(t, "shorter"))}
			if rapid.Bool().Draw(t, "fails") {
				s.Err = errors.New(rapid.String().Draw(t, "error"))
			}
			samples = append(samples, s)
		}
		makespan := time.Duration(rapid.Int64Range(0, 1<<62).Draw(t, "makespan"))
		report := sim.Summarize(rapid.String().Draw(t, "strategy"), samples, makespan, 0, 0, rapid.SliceOf(rapid.SampledFrom(endpoints)).Draw(t, "left"))
		p := draw(t, trace, samples, report)
		require.Equal(t, p.svg, draw(t, trace, samples, report).svg)
	})
}

func TestAPlotStandsAloneAndIsDarkWhereTheViewerIs(t *testing.T) {
	t.Parallel()
	w := small(t)
	p := draw(t, w.Trace(), w.Samples(), w.Report())
	require.Contains(t, p.svg, "@media (prefers-color-scheme: dark)")
	for _, e := range p.elements {
		require.NotContains(t, []string{"script", "image", "use", "foreignObject"}, e.name)
		require.NotContains(t, e.attributes, "href")
	}
	require.NotContains(t, p.svg, "url(")
	require.NotContains(t, p.svg, "@import")
}
