package perf_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/shop/perf"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *rewrite {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// full is a run with all there is to tell: a label that becomes slower, and failures.
func full(t *testing.T) *perf.Result {
	t.Helper()
	return run(t, &fake{
		takes: func(request string, elapsed time.Duration) time.Duration {
			if request == "order-get" {
				return 4*time.Millisecond + elapsed/2000
			}
			return ms[request] * time.Millisecond
		},
		fails: func(request string, elapsed time.Duration) error {
			if request == "list" && elapsed >= 3*time.Second && elapsed < 3100*time.Millisecond {
				return errors.New("<b>lost</b>")
			}
			return nil
		},
	}, plan())
}

func TestTable(t *testing.T) {
	t.Parallel()
	var table bytes.Buffer
	require.NoError(t, perf.WriteTable(&table, full(t)))
	golden(t, "table.txt", table.Bytes())
}

func report(t *testing.T, r *perf.Result) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, perf.WriteReport(&page, "http://here/?<x>", r))
	if path := os.Getenv("KEEP_REPORT"); path != "" { // to look at it
		require.NoError(t, os.WriteFile(path, page.Bytes(), 0o644))
	}
	return page.String()
}

// charts returns the page's pictures, each of which must be well-formed.
func charts(t *testing.T, page string) []string {
	t.Helper()
	all := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(page, -1)
	for _, svg := range all {
		for d := xml.NewDecoder(strings.NewReader(svg)); ; {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, svg)
		}
	}
	return all
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := full(t)
	page := report(t, r)
	all := charts(t, page)
	require.Len(t, all, 6)
	for i, l := range r.Labels {
		require.Contains(t, all[i], l.Label.String()+" over time")
		require.Contains(t, all[i], "mean (ms)")
		require.Contains(t, all[i], "p99 (ms)")
		require.Contains(t, all[i], ">1.5s<")
		mean := regexp.MustCompile(`<path class="mean" d="([^"]*)"`).FindStringSubmatch(all[i])
		require.Len(t, mean, 2)
		points := 0
		for _, part := range l.Intervals {
			if part.Mean != nil {
				points++
			}
		}
		require.Equal(t, points, strings.Count(mean[1], "L"), "each interval is a point")
		require.Equal(t, l.Errors > 0, strings.Contains(all[i], `class="failed"`), "%s", l.Label)
		require.Contains(t, all[i], `class="line"`)
	}
	require.Equal(t, 1, strings.Count(page, "trend slower"), "order-get alone")
	require.Contains(t, page, "order-get became slower")
	require.Contains(t, page, "2 users for 6s at http://here/?&lt;x&gt;")
	require.NotContains(t, page, "<b>lost", "what a server says is text")
	require.Contains(t, page, "&lt;b&gt;lost")
}

// A page that is sent around needs nothing beside itself.
func TestTheReportIsSelfContained(t *testing.T) {
	t.Parallel()
	page := report(t, full(t))
	for _, outside := range []string{"<script", "<link", "<img", "@import", "url(", "src=", "href="} {
		require.NotContains(t, page, outside)
	}
	require.Contains(t, page, "prefers-color-scheme: dark")
	require.Contains(t, page, "width=device-width")
	require.NotContains(t, page, "ZgotmplZ", "html/template lets everything through")
}

func TestAReportOfAnything(t *testing.T) {
	t.Parallel()
	failing := run(t, &fake{fails: func(string, time.Duration) error { return errors.New("no") }}, plan())
	gap := run(t, &fake{takes: func(request string, elapsed time.Duration) time.Duration {
		if elapsed > time.Second && elapsed < 2*time.Second {
			return 2 * time.Second
		}
		return 5 * time.Millisecond
	}}, plan())
	p := plan()
	p.Users, p.Duration = 1, time.Second
	fast := run(t, &fake{takes: func(string, time.Duration) time.Duration { return 80 * time.Microsecond }}, p)
	for name, r := range map[string]*perf.Result{"all failing": failing, "a gap": gap, "fast": fast, "nothing": {Duration: 1}} {
		page := report(t, r)
		charts(t, page)
		require.NotContains(t, page, "NaN", name)
		require.NotContains(t, page, "Inf", name)
	}
	page := report(t, failing)
	require.Contains(t, page, "no trend to tell")
	require.Equal(t, 2, strings.Count(regexp.MustCompile(`class="mean" d="([^"]*)"`).FindStringSubmatch(report(t, gap))[1], "M"), "a gap is none that a line goes over")
	require.Contains(t, report(t, fast), "mean (µs)")
	require.Contains(t, report(t, gap), "mean (ms)")
}

func TestJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(full(t))
	require.NoError(t, err)
	var got struct {
		Labels []struct {
			Label   string
			Hits    int
			Trend   map[string]any
			Latency map[string]any `json:"latency_s"`
		}
	}
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, "products-create", got.Labels[0].Label)
	require.Contains(t, got.Labels[0].Latency, "p99")
	require.Equal(t, true, got.Labels[perf.OrderGet].Trend["slower"])
}
