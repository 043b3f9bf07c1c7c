package load_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/toystore/load"
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

// full is a plan over all there is, and its results.
func full(t *testing.T) (load.Plan, []load.Result) {
	t.Helper()
	p := plan()
	p.Operations, p.Clients = []load.Operation{load.Query, load.Buy}, []int{10, 1, 5}
	s := &shop{pool: 5}
	s.stock.Store(100)
	results := run(t, s, p)
	p.Protocols = []string{"grpc", "http"}
	s = &shop{}
	s.stock.Store(1000)
	results = append(results, run(t, s, p)...)
	p.Protocols = []string{"tcp", "grpc", "http"}
	return p, results
}

func TestTable(t *testing.T) {
	t.Parallel()
	_, results := full(t)
	var table bytes.Buffer
	require.NoError(t, load.WriteTable(&table, results, false))
	golden(t, "table.txt", table.Bytes())
}

func TestVerboseTable(t *testing.T) {
	t.Parallel()
	slow, fast := 0.30025, 0.00012
	results := []load.Result{
		{
			Protocol: "tcp", Operation: load.Query, Clients: []load.Client{{Answered: 1, Errors: 1, Mean: &slow}, {Answered: 2, Mean: &fast}, {Errors: 2}},
			Requests: 6, Errors: 3, FirstError: "lost", Throughput: 12345.67, Latency: &load.Latency{Mean: 0.15, P50: 0.1, P90: 0.2, P99: 0.3, Max: 0.4},
		},
		{Protocol: "grpc", Operation: load.Buy, Clients: []load.Client{{Errors: 2}}, Requests: 2, Errors: 2, FirstError: "nobody there"},
	}
	var table bytes.Buffer
	require.NoError(t, load.WriteTable(&table, results, true))
	golden(t, "verbose.txt", table.Bytes())
}

func TestJSON(t *testing.T) {
	t.Parallel()
	p := plan()
	p.Clients, p.Requests, p.Timeout = []int{1}, 2, processing/2
	text, err := json.Marshal(run(t, &shop{}, p))
	require.NoError(t, err)
	require.JSONEq(t, `[{"protocol": "tcp", "operation": "query", "clients": [{"answered": 0, "errors": 2, "mean_s": null}], "requests": 2, "errors": 2,
		"first_error": "not answered within 100ms", "out_of_stock": 0, "elapsed_s": 0.2, "requests_per_s": 0, "latency_s": null}]`, string(text))
	p.Timeout = time.Minute
	text, err = json.Marshal(run(t, &shop{}, p)[0].Clients)
	require.NoError(t, err)
	require.JSONEq(t, `[{"answered": 2, "errors": 0, "mean_s": 0.2}]`, string(text))
}

// texts returns the texts of an SVG, which must be well-formed.
func texts(t *testing.T, svg []byte) []string {
	t.Helper()
	var all []string
	inText := false
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err, "%s", svg)
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text"
		case xml.CharData:
			if inText {
				all = append(all, string(token))
			}
		case xml.EndElement:
			inText = false
		}
	}
}

func TestPlot(t *testing.T) {
	t.Parallel()
	p, results := full(t)
	var plot bytes.Buffer
	require.NoError(t, load.WritePlot(&plot, p, results))
	golden(t, "plot.svg", plot.Bytes())
	require.Equal(t, []string{
		"Mean latency by number of clients", "each client makes 10 requests, one after the other", "0", "100", "200", "300", "400", "1", "5", "10",
		"clients at a time", "mean latency (ms)",
		"tcp query", "390.0 ms, 10 at a time", "tcp buy", "390.0 ms, 10 at a time", "grpc query", "200.0 ms, 10 at a time",
		"grpc buy", "200.0 ms, 10 at a time", "http query", "200.0 ms, 10 at a time", "http buy", "200.0 ms, 10 at a time",
	}, texts(t, plot.Bytes()))
}

func TestAPlotOfAnything(t *testing.T) {
	t.Parallel()
	lone := func(mean float64, clients int) load.Result {
		r := load.Result{Protocol: "tcp", Operation: load.Query, Clients: make([]load.Client, clients)}
		if mean > 0 {
			r.Latency = &load.Latency{Mean: mean}
		}
		return r
	}
	for name, c := range map[string]struct {
		clients []int
		results []load.Result
		says    []string
	}{
		"nothing answered": {[]int{1}, []load.Result{lone(0, 1)}, []string{"no answers", "mean latency (ms)", "0.2", "1.0"}},
		"microseconds":     {[]int{1}, []load.Result{lone(123e-6, 1)}, []string{"123.0 µs, 1 at a time", "mean latency (µs)", "150"}},
		"seconds":          {[]int{1}, []load.Result{lone(12, 1)}, []string{"12.0 s, 1 at a time", "mean latency (s)", "12"}},
		"fractions":        {[]int{1}, []load.Result{lone(0.0011, 1)}, []string{"1.1 ms, 1 at a time", "0.2", "1.2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plan()
			p.Clients = c.clients
			var plot bytes.Buffer
			require.NoError(t, load.WritePlot(&plot, p, c.results))
			require.Subset(t, texts(t, plot.Bytes()), c.says)
			require.NotContains(t, plot.String(), "NaN")
			require.NotContains(t, plot.String(), "Inf")
		})
	}
	t.Run("a tick a number", func(t *testing.T) {
		t.Parallel()
		p := plan()
		p.Clients = []int{5, 5}
		var plot bytes.Buffer
		require.NoError(t, load.WritePlot(&plot, p, []load.Result{lone(0.1, 5), lone(0.2, 5)}))
		require.Equal(t, 1+1, strings.Count(plot.String(), `class="axis"`), "with the axis itself")
	})
	t.Run("labels keep apart", func(t *testing.T) {
		t.Parallel()
		p := plan()
		p.Clients = []int{1, 2, 3, 500, 999, 1000}
		var plot bytes.Buffer
		require.NoError(t, load.WritePlot(&plot, p, []load.Result{lone(0.1, 1), lone(0.2, 1000)}))
		all := strings.Join(texts(t, plot.Bytes()), " ")
		require.Contains(t, all, " 3 500 1000 clients at a time")
		require.NotContains(t, all, "999")
	})
}
