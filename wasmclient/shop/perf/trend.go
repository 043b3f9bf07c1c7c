package perf

import (
	"fmt"
	"math"
)

// Trend is how the mean latency changes over the whole duration, in percent of the
// mean: +10 is slower by a tenth at the end than at the beginning. It is the slope of a
// straight line through the intervals' means, each of which weighs as much as it has
// answers (weighted least squares: N. Draper and H. Smith, Applied Regression Analysis,
// 1998, chapter 9). A machine that is busy stays so for a while: the standard error
// counts intervals that go like those before them as fewer (B. Santer et al.,
// Statistical significance of trends and trend differences in layer-average atmospheric
// temperature time series, Journal of Geophysical Research 105, 2000, section 4).
type Trend struct {
	Percent       float64 `json:"percent"`
	StandardError float64 `json:"standard_error_percent"`
	Slower        bool    `json:"slower"` // by more than MaxTrend, and beyond MaxErrors
}

// A label is slower when its trend is above so many percent, and above so many standard
// errors. A single noisy minute is neither.
const (
	MaxTrend  = 10
	MaxErrors = 3
)

// minIntervals is how many intervals with answers a trend needs: with fewer, the
// standard error says little.
const minIntervals = 10

// trendOf returns the trend of intervals over a duration in seconds, nil where there is
// too little to tell.
func trendOf(intervals []Interval, duration float64) *Trend {
	var n int
	var weights, times, means float64
	for _, i := range intervals {
		if i.Mean != nil {
			w := float64(i.Hits - i.Errors)
			n, weights, times, means = n+1, weights+w, times+w*i.Begin, means+w**i.Mean
		}
	}
	if n < minIntervals || means == 0 {
		return nil
	}
	time, mean := times/weights, means/weights
	var spread, both float64
	for _, i := range intervals {
		if i.Mean != nil {
			w := float64(i.Hits - i.Errors)
			spread += w * (i.Begin - time) * (i.Begin - time)
			both += w * (i.Begin - time) * (*i.Mean - mean)
		}
	}
	slope := both / spread
	var rest, like, before float64
	for _, i := range intervals {
		if i.Mean != nil {
			off := (*i.Mean - mean - slope*(i.Begin-time)) * math.Sqrt(float64(i.Hits-i.Errors))
			rest, like, before = rest+off*off, like+off*before, off
		}
	}
	count := float64(n)
	if rest > 0 {
		alike := max(0, like/rest)
		count *= (1 - alike) / (1 + alike)
	}
	percent := 100 * duration / mean
	t := &Trend{Percent: slope * percent, StandardError: math.Sqrt(rest/max(1, count-2)/spread) * percent}
	t.Slower = t.Percent > MaxTrend && t.Percent > MaxErrors*t.StandardError
	return t
}

// String returns the trend as it is printed.
func (t *Trend) String() string {
	if t == nil {
		return "-"
	}
	// No -0.0, which rounding would leave.
	return fmt.Sprintf("%+.1f ± %.1f %%", math.Round(t.Percent*10)/10+0, t.StandardError)
}
