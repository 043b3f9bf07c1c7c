package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/compute"
	"lockstep/wasmclient/compute/plot"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// picture is what a test looks at in an SVG, which must be well-formed.
type picture struct {
	texts  []string
	points int
}

func draw(t *testing.T, points ...compute.Point) (svg []byte, p picture) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, plot.Write(&b, points))
	text := ""
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "%s", b.String())
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "text" {
				text = ""
			}
			if token.Name.Local == "circle" {
				p.points++
			}
		case xml.CharData:
			text += string(token)
		case xml.EndElement:
			if token.Name.Local == "text" {
				p.texts = append(p.texts, text)
			}
		}
	}
	p.points-- // that of the legend
	require.NotContains(t, b.String(), "NaN")
	require.NotContains(t, b.String(), "Inf")
	return b.Bytes(), p
}

func point(n int64, off float64) compute.Point {
	return compute.Point{Simulations: n, Pi: math.Pi + off, StandardError: 1.64 / math.Sqrt(float64(n))}
}

func TestPlot(t *testing.T) {
	t.Parallel()
	svg, p := draw(t, point(1000, -0.02), point(100, 0.3), point(100_000, 1e-5), point(1_000_000, 0.002), point(1000, -0.02))
	path := filepath.Join("testdata", "plot.svg")
	if *rewrite {
		require.NoError(t, os.WriteFile(path, svg, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(svg))
	require.Equal(t, 4, p.points, "one of each number, in order")
	require.Equal(t, []string{
		"The error of π by number of simulations", "|estimate − π|, and what is to be expected of it",
		"10−5", "10−4", "10−3", "10−2", "10−1", "100", "102", "103", "104", "105", "106", "simulations", "error",
		"estimate", "3.1435926536", "+1.22 standard errors", "after 1,000,000", "2 standard errors", "1 standard error", "1.64/√simulations",
	}, p.texts)
	require.Contains(t, string(svg), "4 estimates, from 100 to 1,000,000 simulations; the last is 3.1435926536")
}

func TestPlotsOfAnything(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		points []compute.Point
		labels []string
	}{
		"one estimate":       {[]compute.Point{point(100, 0.1)}, []string{"10−3", "100", "102", "103"}},
		"no error at all":    {[]compute.Point{point(100, 0), point(1000, 0.01)}, []string{"102", "103"}},
		"far off":            {[]compute.Point{point(100, -math.Pi), point(10_000, 0.1)}, []string{"101"}},
		"no standard error":  {[]compute.Point{{Simulations: 100, Pi: 4}}, []string{"after 100"}},
		"the most there are": {[]compute.Point{point(100, 0.1), point(compute.MaxRun, 1e-8)}, []string{"102", "104", "1014", "10−9", "after 1,000,000,000,000,000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, p := draw(t, c.points...)
			require.Subset(t, p.texts, c.labels)
			require.Equal(t, len(c.points), p.points)
		})
	}
	_, p := draw(t, point(100, 0.1), point(compute.MaxRun, 1e-8))
	require.NotContains(t, p.texts, "103", "labels keep apart")
}

func TestAPlotIsDarkWhereTheViewerIs(t *testing.T) {
	t.Parallel()
	svg, _ := draw(t, point(100, 0.1))
	require.Equal(t, 1, strings.Count(string(svg), "prefers-color-scheme: dark"))
}
