// Package plot draws what a run of queries came to: how long they took, and who held
// which endpoint when.
package plot

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"lockstep/wasmclient/sim"
)

// Where the picture's parts are.
const (
	width  px = 1000_00
	margin px = 28_00 // left and right of everything
	right  px = width - 44_00
)

// style has colours for light and for dark. Those of the readings and the clients are by
// Okabe and Ito, https://jfly.uni-koeln.de/color/: whoever is colour-blind tells them
// apart as well. The two that one background swallows differ from it.
const style = `<style>
.paper { fill: #fff } .ink { fill: #222 } .faint { fill: #595959 } .grid { stroke: #222; stroke-opacity: .12 } .axis { stroke: #777 }
.stripe { fill: #222; fill-opacity: .035 } .bar { fill: #3b8bd0 } .quantile { stroke: #b84c10; stroke-dasharray: 5 4 } .said { fill: #b84c10 }
.wait { fill: #222; fill-opacity: .5 } .lost { stroke: #222 } .halo { stroke: #fff } .crash { stroke: #c01818; stroke-dasharray: 2 3 }
.c0 { fill: #0072b2 } .c1 { fill: #e69f00 } .c2 { fill: #009e73 } .c3 { fill: #cc79a7 } .c4 { fill: #56b4e9 } .c5 { fill: #d55e00 } .c6 { fill: #4b5263 }
@media (prefers-color-scheme: dark) {
.paper { fill: #16181c } .ink { fill: #eee } .faint { fill: #aaa } .grid { stroke: #fff; stroke-opacity: .14 } .axis { stroke: #888 }
.stripe { fill: #fff; fill-opacity: .04 } .quantile { stroke: #ef8f4c } .said { fill: #ef8f4c }
.wait { fill: #fff; fill-opacity: .5 } .lost { stroke: #fff } .halo { stroke: #16181c } .crash { stroke: #ff7a70 }
.c0 { fill: #2d84c8 } .c4 { fill: #86cdf7 } .c6 { fill: #c9cedb }
}
</style>
`

// colours is how many colours the style has for readings and clients.
const colours = 7

// Write draws a run as SVG: its figures, how long its queries took, and a timeline of the
// endpoints that were locked. The trace may be nil or empty: then there is no timeline.
// It is dark where the viewer is.
func Write(w io.Writer, t *sim.Trace, samples []sim.Sample, report sim.Report) error {
	if t == nil {
		t = &sim.Trace{}
	}
	run := runOf(t, report)
	c := &canvas{left: leftOf(run.rows), y: 40_00}
	c.headline(report)
	c.histogram(samples, report.Latency)
	c.timeline(run)
	_, err := io.WriteString(w, c.picture(title(report)))
	return err
}

func title(r sim.Report) string {
	return counted(r.Queries, "synchronized query", "synchronized queries") + ", strategy " + r.Strategy
}

// headline draws the run's figures.
func (c *canvas) headline(r sim.Report) {
	c.text(label{class: "ink", x: margin, y: c.y, size: 20, bold: true}, title(r))
	if said := circumstances(r); said != "" {
		c.y += 21_00
		c.text(label{class: "faint", x: margin, y: c.y, size: 13}, said)
	}
	c.y += 42_00
	figures := figuresOf(r)
	for i, f := range figures {
		x := margin + px(i)*(right-margin)/px(len(figures))
		c.text(label{class: "ink", x: x, y: c.y, size: 20}, f.value)
		c.text(label{class: "faint", x: x, y: c.y + 18_00, size: 12}, f.name)
	}
	c.y += 18_00
}

type figure struct{ name, value string }

func figuresOf(r sim.Report) []figure {
	all := []figure{{"makespan", seconds(r.Makespan)}}
	if l := r.Latency; l != nil {
		all = append(all, figure{"mean latency", seconds(l.Mean)}, figure{"p50", seconds(l.P50)}, figure{"p99", seconds(l.P99)}, figure{"longest", seconds(l.Max)})
	}
	all = append(all, figure{"calls a query", strconv.FormatFloat(r.CallsPerQuery, 'f', 2, 64)})
	if r.Failed > 0 {
		all = append(all, figure{"failed", strconv.Itoa(r.Failed)})
	}
	return all
}

// seconds shows a time as the report's table does.
func seconds(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) + " s" }

// circumstances says what else is known of the run.
func circumstances(r sim.Report) string {
	if r.Facts == nil {
		return ""
	}
	said := []string{fmt.Sprintf("simulated from seed %d", r.Seed)}
	if r.Clients > 1 {
		said = append(said, counted(r.Clients, "client", "clients"))
	}
	if r.BadReads > 0 {
		said = append(said, counted(r.BadReads, "bad read", "bad reads"))
	}
	if left := len(r.LocksLeft); left > 0 {
		said = append(said, counted(left, "lock left", "locks left"))
	}
	return strings.Join(said, ", ")
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// nanoseconds is a report's time as the trace has it.
func nanoseconds(s float64) int64 { return int64(math.Round(s * float64(time.Second))) }
