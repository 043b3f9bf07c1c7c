package perf

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"time"
)

//go:embed report.html.tmpl
var reportText string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{"px": px}).Parse(reportText))

// WriteReport writes a page about a result, with the response times of each label over
// time. It needs nothing beside itself, and is dark where the viewer is.
func WriteReport(w io.Writer, url string, r *Result) error {
	requests, errors := r.Requests()
	page := struct {
		URL, Plan, Begin string
		Requests, Errors int
		Elapsed          string
		Head             []string
		Rows             [][]string
		Remarks          []string
		Charts           []chart
		Intervals        string
	}{
		URL: url, Plan: Plan{Users: r.Users, Duration: seconds(r.Duration)}.Text(), Begin: r.Begin.UTC().Format("2006-01-02 15:04:05 UTC"),
		Requests: requests, Errors: errors, Elapsed: fmt.Sprintf("%.1f s", r.Elapsed),
		Head: head, Remarks: r.remarks(), Intervals: seconds(r.Duration / Intervals).String(),
	}
	for _, l := range r.Labels {
		page.Rows = append(page.Rows, l.row())
		page.Charts = append(page.Charts, chartOf(l, r.Duration))
	}
	return reportTemplate.Execute(w, page)
}

func seconds(s float64) time.Duration {
	return time.Duration(math.Round(s*1e3)) * time.Millisecond
}

// Where a chart's parts are, in units of which chartWidth are as wide as the chart.
const (
	chartWidth, chartHeight = 400.0, 284.0
	chartLeft, chartRight   = 44.0, 388.0
	meanTop, meanBottom     = 26.0, 130.0
	p99Top, p99Bottom       = 166.0, 262.0
)

// chart is what a label's picture is made of: the mean above, the 99th percentile
// below, each on a scale of its own, so that neither flattens the other.
type chart struct {
	Label, Trend  string
	Slower        bool
	Width, Height float64
	Left, Right   float64
	X             []tick
	Bottom        float64 // where the times are
	Panels        []panel
	Errors        []float64 // where requests failed
	ErrorsAt      float64
	Line          *line // the trend
	Says          string
}

type panel struct {
	Name, Class string
	Top, Bottom float64
	Y           []tick
	Path        string
}

type line struct{ X1, Y1, X2, Y2 float64 }

type tick struct {
	At    float64
	Label string
}

func chartOf(l LabelResult, duration float64) chart {
	c := chart{
		Label: l.Label.String(), Trend: l.Trend.String(), Slower: l.Trend != nil && l.Trend.Slower,
		Width: chartWidth, Height: chartHeight, Left: chartLeft, Right: chartRight, Bottom: p99Bottom, ErrorsAt: meanBottom,
		Says: fmt.Sprintf("%s over time: %d requests, %d errors, trend %s", l.Label, l.Hits, l.Errors, l.Trend),
	}
	for part := range 5 {
		share := float64(part) / 4
		c.X = append(c.X, tick{chartLeft + share*(chartRight-chartLeft), seconds(share * duration).String()})
	}
	var means, p99s []*float64
	for i, part := range l.Intervals {
		means, p99s = append(means, part.Mean), append(p99s, part.P99)
		if part.Errors > 0 {
			c.Errors = append(c.Errors, across(i))
		}
	}
	mean, up := panelOf("mean", means, meanTop, meanBottom)
	p99, _ := panelOf("p99", p99s, p99Top, p99Bottom)
	c.Panels = []panel{mean, p99}
	if l.Trend != nil {
		change := l.Latency.Mean * l.Trend.Percent / 100
		at := func(share float64) float64 { // the line goes through the mean at the middle of what was answered
			return up(max(0, l.Latency.Mean+change*(share-0.5/Intervals-l.middle()/duration)))
		}
		c.Line = &line{chartLeft, at(0), chartRight, at(1)}
	}
	return c
}

// middle is the mean begin of the intervals of what was answered, in seconds.
func (l LabelResult) middle() float64 {
	var weights, times float64
	for _, i := range l.Intervals {
		if i.Mean != nil {
			w := float64(i.Hits - i.Errors)
			weights, times = weights+w, times+w*i.Begin
		}
	}
	return times / weights
}

// across is where an interval is: at its middle.
func across(interval int) float64 {
	return chartLeft + (float64(interval)+0.5)/Intervals*(chartRight-chartLeft)
}

// panelOf draws values, with gaps where there are none. Up is where a value in seconds is.
func panelOf(name string, values []*float64, top, bottom float64) (p panel, up func(seconds float64) float64) {
	most := 0.0
	for _, v := range values {
		if v != nil {
			most = max(most, *v)
		}
	}
	unit, perSecond := "ms", 1e3
	switch {
	case most > 0 && most < 1e-4:
		unit, perSecond = "µs", 1e6
	case most >= 10:
		unit, perSecond = "s", 1
	}
	ticks, highest := scale(most * perSecond)
	up = func(seconds float64) float64 {
		return bottom - min(1, seconds*perSecond/highest)*(bottom-top)
	}
	for i := range ticks {
		ticks[i].At = up(ticks[i].At / perSecond)
	}
	p = panel{Name: name + " (" + unit + ")", Class: name, Top: top, Bottom: bottom, Y: ticks}
	drawing := false
	for i, v := range values {
		if v == nil {
			drawing = false
			continue
		}
		at := px(across(i)) + " " + px(up(*v))
		if !drawing {
			p.Path += "M" + at // and a line to itself, which is a dot
		}
		p.Path += "L" + at
		drawing = true
	}
	return p, up
}

// scale returns round numbers from 0 up, five at most above 0, and the last, which is
// at or above most.
func scale(most float64) (ticks []tick, highest float64) {
	if most <= 0 {
		most = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(most/5)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if most/(step*factor) <= 5 {
			step *= factor
			break
		}
	}
	steps := math.Ceil(most/step - 1e-9)
	for i := range int(steps) + 1 {
		value := float64(i) * step
		ticks = append(ticks, tick{value, strconv.FormatFloat(value, 'f', max(0, int(-math.Floor(math.Log10(step)+1e-9))), 64)})
	}
	return ticks, steps * step
}

// px writes a coordinate.
func px(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }
