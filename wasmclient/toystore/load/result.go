package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is what some clients at a time measured over one protocol. Times are in
// seconds.
type Result struct {
	Protocol   string    `json:"protocol"`
	Operation  Operation `json:"operation"`
	Clients    []Client  `json:"clients"` // one by one
	Requests   int       `json:"requests"`
	Errors     int       `json:"errors"`
	FirstError string    `json:"first_error,omitempty"`
	OutOfStock int       `json:"out_of_stock"` // purchases that were answered so
	Elapsed    float64   `json:"elapsed_s"`
	Throughput float64   `json:"requests_per_s"` // answered
	Latency    *Latency  `json:"latency_s"`      // null when nothing was answered
}

// Client is what one client measured.
type Client struct {
	Answered int      `json:"answered"`
	Errors   int      `json:"errors"`
	Mean     *float64 `json:"mean_s"` // null when nothing was answered
}

// Latency sums up the latencies of the requests that were answered. Percentiles are
// exact to four digits.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
}

// longest is the longest latency that the percentiles tell from longer ones.
const longest = time.Hour

func summarize(protocol string, operation Operation, samples [][]sample, elapsed time.Duration) Result {
	r := Result{Protocol: protocol, Operation: operation, Elapsed: elapsed.Seconds()}
	histogram := hdrhistogram.New(1, int64(longest), 4)
	var sum, most time.Duration
	for _, own := range samples {
		var client Client
		var ownSum time.Duration
		for _, s := range own {
			if s.err != nil {
				client.Errors++
				if r.FirstError == "" {
					r.FirstError = s.err.Error()
				}
				continue
			}
			client.Answered++
			ownSum += s.latency
			most = max(most, s.latency)
			if s.soldOut {
				r.OutOfStock++
			}
			_ = histogram.RecordValue(int64(min(s.latency, longest))) // which is in its range
		}
		client.Mean = mean(ownSum, client.Answered)
		r.Clients = append(r.Clients, client)
		r.Requests += len(own)
		r.Errors += client.Errors
		sum += ownSum
	}
	answered := r.Requests - r.Errors
	if answered == 0 {
		return r
	}
	percentile := func(p float64) float64 { return min(time.Duration(histogram.ValueAtPercentile(p)), most).Seconds() }
	r.Latency = &Latency{Mean: *mean(sum, answered), P50: percentile(50), P90: percentile(90), P99: percentile(99), Max: most.Seconds()}
	r.Throughput = float64(answered) / elapsed.Seconds()
	return r
}

func mean(sum time.Duration, n int) *float64 {
	if n == 0 {
		return nil
	}
	m := sum.Seconds() / float64(n)
	return &m
}
