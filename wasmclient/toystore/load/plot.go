package load

import (
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"text/template"
)

//go:embed plot.svg.tmpl
var plotText string

var plotTemplate = template.Must(template.New("plot").Funcs(template.FuncMap{
	"px": func(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) },
}).Parse(plotText))

// Where the plot's parts are, in pixels.
const (
	plotLeft, plotTop      = 72.0, 64.0
	plotRight, plotBottom  = 520.0, 380.0
	legendLeft, legendStep = 548.0, 40.0
	sideRoom               = 28.0 // for points that are set off to the right
	labelRoom              = 26.0 // that a label of the horizontal axis needs
	yTicks                 = 6    // at most, besides 0
)

type picture struct {
	Width, Height            float64
	Left, Top, Right, Bottom float64
	TickEnd                  float64 // of the horizontal axis
	Unit                     string
	Subtitle                 string
	X, Y                     []tick
	Series                   []series
}

type tick struct {
	At    float64
	Label string
}

// series is a line of the plot.
type series struct {
	Name, Color, Dash     string
	Marker                string // its SVG path, around 0,0
	Filled                bool
	Points                []point
	LegendLeft, LegendTop float64
	Last                  string // the mean of the most clients
}

type point struct{ X, Y float64 }

// Colours that are told apart on black and on white, also by those who see no red or
// no green.
var colors = []string{"#3b8bd0", "#d9772b", "#2f9e77"}

// The shapes of points: a disc, a square, a diamond.
var markers = []string{"M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z", "M-4-4h8v8h-8z", "M0-5.5L5.5 0L0 5.5L-5.5 0z"}

// WritePlot draws the mean latency against the number of clients as SVG, with a line
// for each protocol and operation. It is dark where the viewer is.
func WritePlot(w io.Writer, plan Plan, results []Result) error {
	unit, perSecond := unitFor(results)
	top, y := yAxis(results, perSecond)
	p := picture{
		Left: plotLeft, Top: plotTop, Right: plotRight, Bottom: plotBottom, TickEnd: plotBottom + 5, Width: 770, Unit: unit, Y: y,
		Subtitle: "each client makes " + strconv.Itoa(plan.Requests) + " requests, one after the other",
	}
	most := float64(slices.Max(plan.Clients))
	across := func(clients float64) float64 { return plotLeft + clients/most*(plotRight-plotLeft-sideRoom) }
	p.X = xAxis(plan.Clients, across)
	for i := range p.Y {
		p.Y[i].At = up(p.Y[i].At / top)
	}
	apart := spread(p.X, len(plan.Protocols)*len(plan.Operations))
	for i, protocol := range plan.Protocols {
		for _, operation := range plan.Operations {
			s := series{
				Name: protocol + " " + string(operation), Color: colors[i%len(colors)], Marker: markers[i%len(markers)], Filled: operation != Buy,
				LegendLeft: legendLeft, LegendTop: plotTop + 8 + legendStep*float64(len(p.Series)),
			}
			if operation == Buy {
				s.Dash = "6 5"
			}
			most := 0
			for _, r := range results {
				if r.Protocol != protocol || r.Operation != operation || r.Latency == nil {
					continue
				}
				clients, value := len(r.Clients), r.Latency.Mean*perSecond
				s.Points = append(s.Points, point{across(float64(clients)) + apart(len(p.Series)), up(value / top)})
				if clients > most {
					most, s.Last = clients, fmt.Sprintf("%.1f %s, %d at a time", value, unit, clients)
				}
			}
			slices.SortFunc(s.Points, func(a, b point) int { return cmp.Compare(a.X, b.X) })
			p.Series = append(p.Series, s)
		}
	}
	p.Height = max(plotBottom+60, plotTop+20+legendStep*float64(len(p.Series)))
	return plotTemplate.Execute(w, p)
}

// up is where a share of the vertical axis is.
func up(share float64) float64 { return plotBottom - share*(plotBottom-plotTop) }

func highest(results []Result) float64 {
	most := 0.0
	for _, r := range results {
		if r.Latency != nil {
			most = max(most, r.Latency.Mean)
		}
	}
	return most
}

// unitFor returns the unit in which latencies read well.
func unitFor(results []Result) (name string, perSecond float64) {
	switch most := highest(results); {
	case most > 0 && most < 1e-3:
		return "µs", 1e6
	case most < 10:
		return "ms", 1e3
	default:
		return "s", 1
	}
}

// yAxis returns round numbers from 0 up to the top, at or above all means.
func yAxis(results []Result, perSecond float64) (top float64, ticks []tick) {
	most := highest(results) * perSecond
	if most == 0 {
		most = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(most/yTicks)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if most/(step*factor) <= yTicks {
			step *= factor
			break
		}
	}
	steps := math.Ceil(most / step)
	for i := range int(steps) + 1 {
		value := float64(i) * step
		ticks = append(ticks, tick{value, strconv.FormatFloat(value, 'f', max(0, int(-math.Floor(math.Log10(step)))), 64)})
	}
	return steps * step, ticks
}

// xAxis has a tick where there is a measurement, and a label where there is room.
func xAxis(clients []int, across func(float64) float64) []tick {
	sorted := slices.Compact(slices.Sorted(slices.Values(clients)))
	ticks := make([]tick, len(sorted))
	room := math.Inf(1)
	for i := len(sorted) - 1; i >= 0; i-- { // the last has its label before all
		ticks[i].At = across(float64(sorted[i]))
		if room-ticks[i].At >= labelRoom {
			ticks[i].Label, room = strconv.Itoa(sorted[i]), ticks[i].At
		}
	}
	return ticks
}

// spread returns how far each of some series is set off to the side, so that points of
// the same height don't cover each other: less where the measurements are close.
func spread(ticks []tick, series int) func(number int) float64 {
	step := 11.0
	for i := 1; i < len(ticks); i++ {
		step = min(step, (ticks[i].At-ticks[i-1].At)/float64(series+1))
	}
	return func(number int) float64 { return step * (float64(number) - float64(series-1)/2) }
}
