package perf

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Intervals is how many parts of the duration are looked at one by one.
const Intervals = 60

// Result is what a run measured. Times are in seconds.
type Result struct {
	Users    int           `json:"users"`
	Duration float64       `json:"duration_s"` // as planned
	Begin    time.Time     `json:"begin"`
	Elapsed  float64       `json:"elapsed_s"` // to the last answer
	Labels   []LabelResult `json:"labels"`
}

// LabelResult is what was measured of one label.
type LabelResult struct {
	Label      Label      `json:"label"`
	Hits       int        `json:"hits"` // requests, also those that failed
	PerSecond  float64    `json:"hits_per_s"`
	Errors     int        `json:"errors"`
	FirstError string     `json:"first_error,omitempty"`
	Latency    *Latency   `json:"latency_s"` // of what was answered; null when nothing was
	Trend      *Trend     `json:"trend"`     // null when there is too little to tell
	Intervals  []Interval `json:"intervals"`
}

// Latency sums up latencies. Percentiles are exact to three digits, and none is above Max.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
}

// Interval is a part of the duration. A request counts where it began.
type Interval struct {
	Begin  float64  `json:"begin_s"` // since the run's begin
	Hits   int      `json:"hits"`
	Errors int      `json:"errors"`
	Mean   *float64 `json:"mean_s"` // null when nothing was answered
	P99    *float64 `json:"p99_s"`  // exact to two digits
}

// Requests returns how many requests there were, and how many of them failed.
func (r *Result) Requests() (requests, errors int) {
	for _, l := range r.Labels {
		requests += l.Hits
		errors += l.Errors
	}
	return requests, errors
}

// Latencies are counted in units of a microsecond, up to an hour.
const (
	unit    = time.Microsecond
	longest = time.Hour
)

// tally counts what was answered, and what failed.
type tally struct {
	histogram *hdrhistogram.Histogram // nil before the first answer
	digits    int
	sum, most time.Duration
	answered  int
	errors    int
}

func (t *tally) add(latency time.Duration, err error) {
	if err != nil {
		t.errors++
		return
	}
	if t.histogram == nil {
		t.histogram = hdrhistogram.New(1, int64(longest/unit), t.digits)
	}
	_ = t.histogram.RecordValue(int64(min(latency, longest) / unit)) // which is in its range
	t.answered++
	t.sum += latency
	t.most = max(t.most, latency)
}

func (t *tally) mean() float64 { return t.sum.Seconds() / float64(t.answered) }

func (t *tally) percentile(p float64) float64 {
	return min(time.Duration(t.histogram.ValueAtPercentile(p))*unit, t.most).Seconds()
}

// recorder collects what users measure. Safe for concurrent use.
type recorder struct {
	plan  Plan
	begin time.Time

	mu       sync.Mutex
	requests int
	whole    [labels]tally
	parts    [labels][Intervals]tally
	first    [labels]error
}

func newRecorder(plan Plan) *recorder {
	r := &recorder{plan: plan, begin: time.Now()}
	for l := range r.whole {
		r.whole[l].digits = 3
		for i := range r.parts[l] {
			r.parts[l][i].digits = 2 // there are many of them
		}
	}
	return r
}

// record returns how many requests there were until now.
func (r *recorder) record(label Label, at, latency time.Duration, err error) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	part := min(Intervals-1, int(at*Intervals/r.plan.Duration))
	r.whole[label].add(latency, err)
	r.parts[label][part].add(latency, err)
	if r.first[label] == nil {
		r.first[label] = err
	}
	r.requests++
	return r.requests
}

func (r *recorder) result() *Result {
	elapsed := time.Since(r.begin)
	result := &Result{Users: r.plan.Users, Duration: r.plan.Duration.Seconds(), Begin: r.begin, Elapsed: elapsed.Seconds()}
	for label := range labels {
		whole := &r.whole[label]
		l := LabelResult{Label: label, Hits: whole.answered + whole.errors, Errors: whole.errors}
		if elapsed > 0 {
			l.PerSecond = float64(l.Hits) / elapsed.Seconds()
		}
		if err := r.first[label]; err != nil {
			l.FirstError = err.Error()
		}
		if whole.answered > 0 {
			l.Latency = &Latency{
				Mean: whole.mean(), P50: whole.percentile(50), P90: whole.percentile(90), P99: whole.percentile(99), Max: whole.most.Seconds(),
			}
		}
		for i := range r.parts[label] {
			part := &r.parts[label][i]
			interval := Interval{
				Begin: r.plan.Duration.Seconds() * float64(i) / Intervals, Hits: part.answered + part.errors, Errors: part.errors,
			}
			if part.answered > 0 {
				mean, p99 := part.mean(), part.percentile(99)
				interval.Mean, interval.P99 = &mean, &p99
			}
			l.Intervals = append(l.Intervals, interval)
		}
		l.Trend = trendOf(l.Intervals, result.Duration)
		result.Labels = append(result.Labels, l)
	}
	return result
}
