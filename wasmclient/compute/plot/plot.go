// Package plot draws how estimates of pi close in on it.
package plot

import (
	"cmp"
	_ "embed" // plot.svg.tmpl
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"lockstep/wasmclient/compute"
)

//go:embed plot.svg.tmpl
var plotText string

var plotTemplate = template.Must(template.New("plot").Funcs(template.FuncMap{
	"px": func(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) },
}).Parse(plotText))

// Where the plot's parts are, in pixels.
const (
	left, top     = 72.0, 64.0
	right, bottom = 560.0, 400.0
	legendLeft    = 588.0
	maxTicks      = 9    // with labels, on an axis
	lucky         = 30.0 // an estimate that is so many times nearer than its standard error is at the bottom
)

type picture struct {
	Width, Height            float64
	Left, Top, Right, Bottom float64
	LegendLeft               float64
	X, Y                     []tick
	Bands                    []string // the areas within 2 and 1 standard errors
	Edge                     string   // the line of 1 standard error
	Line                     string   // of the errors
	Points                   []point
	Notes                    []tick // of the last estimate
	KeyTop                   float64
	About                    string
}

type tick struct {
	At    float64
	Label string // of an axis: an exponent of ten, "" where there is no room
}

type point struct{ X, Y float64 }

// axis is logarithmic, between two powers of ten.
type axis struct {
	from, to   float64 // the exponents
	begin, end float64 // where they are, in pixels
}

func axisOver(least, most, begin, end float64) axis {
	a := axis{math.Floor(math.Log10(least)), math.Ceil(math.Log10(most)), begin, end}
	a.to = max(a.to, a.from+1)
	return a
}

// at is where a value is: at an end, if it is beyond.
func (a axis) at(value float64) float64 {
	share := (math.Log10(value) - a.from) / (a.to - a.from)
	return a.begin + min(max(share, 0), 1)*(a.end-a.begin)
}

func (a axis) ticks() []tick {
	every := math.Ceil((a.to - a.from + 1) / maxTicks)
	var all []tick
	for e := a.from; e <= a.to; e++ {
		t := tick{At: a.begin + (e-a.from)/(a.to-a.from)*(a.end-a.begin)}
		if math.Mod(e-a.from, every) == 0 {
			t.Label = strings.ReplaceAll(strconv.Itoa(int(e)), "-", "−")
		}
		all = append(all, t)
	}
	return all
}

// standardError is that of an estimate by n simulations.
func standardError(n float64) float64 { return math.Sqrt(math.Pi * (4 - math.Pi) / n) }

// Write draws the errors of estimates, at least one, by their numbers of simulations,
// as SVG: both logarithmic, with the areas of 1 and 2 standard errors. It is dark where
// the viewer is.
func Write(w io.Writer, points []compute.Point) error {
	points = slices.Clone(points)
	slices.SortFunc(points, func(a, b compute.Point) int { return cmp.Compare(a.Simulations, b.Simulations) })
	points = slices.CompactFunc(points, func(a, b compute.Point) bool { return a.Simulations == b.Simulations })
	first, last := float64(points[0].Simulations), float64(points[len(points)-1].Simulations)
	x := axisOver(first, last, left, right)
	most := 2 * standardError(first)
	for _, p := range points {
		most = max(most, math.Abs(p.Pi-math.Pi))
	}
	y := axisOver(standardError(last)/lucky, most, bottom, top)
	p := picture{
		Left: left, Top: top, Right: right, Bottom: bottom, Width: 800, Height: 470, LegendLeft: legendLeft, X: x.ticks(), Y: y.ticks(),
		Bands: []string{band(x, y, 2), band(x, y, 1)}, Edge: path(slope(x, y, 1)),
	}
	said := about(points[len(points)-1])
	for i, line := range said {
		p.Notes = append(p.Notes, tick{30 + 17*float64(i), line})
	}
	p.KeyTop = 44 + 17*float64(len(said))
	for _, q := range points {
		p.Points = append(p.Points, point{x.at(float64(q.Simulations)), y.at(math.Abs(q.Pi - math.Pi))})
	}
	p.Line = path(p.Points)
	p.About = fmt.Sprintf("%d estimates, from %s to %s simulations; the last is %s.",
		len(points), compute.Grouped(points[0].Simulations), compute.Grouped(points[len(points)-1].Simulations), strings.Join(said, ", "))
	return plotTemplate.Execute(w, p)
}

// slope is where so many standard errors are, from one end to the other. The line is
// straight, but where it leaves the picture.
func slope(x, y axis, times float64) []point {
	const steps = 100
	var all []point
	for i := range steps + 1 {
		n := math.Pow(10, x.from+(x.to-x.from)*float64(i)/steps)
		all = append(all, point{x.at(n), y.at(times * standardError(n))})
	}
	return straightened(all)
}

// straightened leaves out what is on the line between its neighbours.
func straightened(all []point) []point {
	kept := all[:1:1]
	for i := 1; i < len(all)-1; i++ {
		a, b, c := kept[len(kept)-1], all[i], all[i+1]
		if math.Abs((b.X-a.X)*(c.Y-a.Y)-(b.Y-a.Y)*(c.X-a.X)) > 1 {
			kept = append(kept, b)
		}
	}
	return append(kept, all[len(all)-1])
}

// band is the area within so many standard errors.
func band(x, y axis, times float64) string {
	return path(append([]point{{left, bottom}}, append(slope(x, y, times), point{right, bottom})...))
}

// path is a list of points as SVG has it.
func path(points []point) string {
	var b strings.Builder
	for i, p := range points {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%.1f,%.1f", p.X, p.Y)
	}
	return b.String()
}

// about says what the last estimate is.
func about(p compute.Point) []string {
	said := []string{strconv.FormatFloat(p.Pi, 'f', 10, 64)}
	if p.StandardError > 0 {
		said = append(said, fmt.Sprintf("%+.2f standard errors", (p.Pi-math.Pi)/p.StandardError))
	}
	return append(said, "after "+compute.Grouped(p.Simulations))
}
