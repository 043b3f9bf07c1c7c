package sim

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"lockstep/shared/syncquery"
)

// Latency sums up the latencies of the queries that were answered, in seconds.
type Latency struct {
	Min  float64 `json:"min"`
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
}

// Report is what a run came to.
type Report struct {
	Strategy       string   `json:"strategy"`
	Queries        int      `json:"queries"`
	Failed         int      `json:"failed"`
	Makespan       float64  `json:"makespan_s"`
	Latency        *Latency `json:"latency_s"` // null when no query was answered
	CallsPerQuery  float64  `json:"calls_per_query"`
	LocksPerQuery  float64  `json:"locks_per_query"`
	PossiblyLocked []string `json:"possibly_locked"` // endpoints that may be left locked, as an answer was lost
	FirstError     string   `json:"first_error,omitempty"`
	*Facts                  // of a simulated run only
}

// Summarize makes the report of a run. Failed queries are counted and left out of
// the latencies; calls and locks are spread over all queries.
func Summarize(strategy string, samples []Sample, makespan time.Duration, calls, locks int64, possiblyLocked []string) Report {
	r := Report{
		Strategy: strategy, Queries: len(samples), Makespan: makespan.Seconds(),
		CallsPerQuery:  float64(calls) / float64(max(1, len(samples))),
		LocksPerQuery:  float64(locks) / float64(max(1, len(samples))),
		PossiblyLocked: append([]string{}, possiblyLocked...), // [] in JSON, never null
	}
	var answered []time.Duration
	for _, s := range samples {
		if s.Err == nil {
			answered = append(answered, s.Latency)
			continue
		}
		if r.Failed++; r.Failed == 1 {
			r.FirstError = s.Err.Error()
		}
	}
	if len(answered) > 0 {
		r.Latency = summarize(answered)
	}
	return r
}

func summarize(latencies []time.Duration) *Latency {
	slices.Sort(latencies)
	var sum time.Duration
	for _, l := range latencies {
		sum += l
	}
	return &Latency{
		Min:  latencies[0].Seconds(),
		Mean: sum.Seconds() / float64(len(latencies)),
		P50:  percentile(latencies, 0.50).Seconds(),
		P99:  percentile(latencies, 0.99).Seconds(),
		Max:  latencies[len(latencies)-1].Seconds(),
	}
}

// percentile returns the smallest value that at least the share p of the values
// does not exceed (the nearest-rank method). The values are sorted.
func percentile(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// columns is the table's head and how a report fills it.
var columns = []struct {
	name  string
	value func(Report) string
}{
	{"strategy", func(r Report) string { return r.Strategy }},
	{"queries", func(r Report) string { return strconv.Itoa(r.Queries) }},
	{"failed", func(r Report) string { return strconv.Itoa(r.Failed) }},
	{"makespan", func(r Report) string { return seconds(r.Makespan) }},
	{"min", latency(func(l *Latency) float64 { return l.Min })},
	{"mean", latency(func(l *Latency) float64 { return l.Mean })},
	{"p50", latency(func(l *Latency) float64 { return l.P50 })},
	{"p99", latency(func(l *Latency) float64 { return l.P99 })},
	{"max", latency(func(l *Latency) float64 { return l.Max })},
	{"calls/query", func(r Report) string { return fmt.Sprintf("%.2f", r.CallsPerQuery) }},
	{"locks/query", func(r Report) string { return fmt.Sprintf("%.2f", r.LocksPerQuery) }},
}

func seconds(s float64) string { return fmt.Sprintf("%.3f s", s) }

// latency shows a figure, or a dash when no query was answered.
func latency(of func(*Latency) float64) func(Report) string {
	return func(r Report) string {
		if r.Latency == nil {
			return "-"
		}
		return seconds(of(r.Latency))
	}
}

// WriteTable writes reports for people: a row each, and what each says besides. Of more
// than one the last column is how many times faster each is than the one before it.
func WriteTable(w io.Writer, reports ...Report) error {
	var table [][]string
	for i := range reports {
		table = append(table, row(reports, i))
	}
	var b strings.Builder
	writeColumns(&b, append([][]string{head(len(reports))}, table...))
	for _, r := range reports {
		of := ""
		if len(reports) > 1 {
			of = r.Strategy + ": "
		}
		r.writeRemarks(&b, of)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func head(reports int) (cells []string) {
	for _, c := range columns {
		cells = append(cells, c.name)
	}
	if reports > 1 {
		cells = append(cells, "step")
	}
	return cells
}

func row(reports []Report, i int) (cells []string) {
	for _, c := range columns {
		cells = append(cells, c.value(reports[i]))
	}
	switch {
	case len(reports) == 1:
	case i == 0 || reports[i].Makespan == 0:
		cells = append(cells, "")
	default:
		cells = append(cells, fmt.Sprintf("%.1f x", reports[i-1].Makespan/reports[i].Makespan))
	}
	return cells
}

// writeColumns writes rows with columns of one width, the first flush left, the others
// flush right.
func writeColumns(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, cells := range rows {
		for i, cell := range cells {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, cells := range rows {
		for i, cell := range cells {
			if i == 0 {
				fmt.Fprintf(b, "%-*s", widths[i], cell)
			} else {
				fmt.Fprintf(b, "  %*s", widths[i], cell)
			}
		}
		b.WriteByte('\n')
	}
}

// writeRemarks writes what a report says beside its figures, each behind the name of
// what it is of.
func (r Report) writeRemarks(b *strings.Builder, of string) {
	if r.Failed > 0 {
		fmt.Fprintf(b, "%s%d failed, the first: %s\n", of, r.Failed, r.FirstError)
	}
	if len(r.PossiblyLocked) > 0 {
		fmt.Fprintf(b, "%s%s\n", of, syncquery.InDoubt(r.PossiblyLocked))
	}
	if r.Facts == nil {
		return
	}
	fmt.Fprintf(b, "%ssimulated, seed %d, %d events, hash %s", of, r.Seed, r.Events, r.Hash)
	if r.BadReads > 0 {
		fmt.Fprintf(b, ", %d reads without the reader's lock", r.BadReads)
	}
	if len(r.LocksLeft) > 0 {
		fmt.Fprintf(b, ", left locked: %s", strings.Join(r.LocksLeft, ", "))
	}
	b.WriteByte('\n')
}

// WriteCSV writes a row a query: its number, how many ids it named, when it was
// asked and how long it took (seconds), and its error, empty if it was answered.
func WriteCSV(w io.Writer, samples []Sample) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"query", "resources", "start_s", "latency_s", "error"}) // Flush has the error
	for i, s := range samples {
		text := ""
		if s.Err != nil {
			text = s.Err.Error()
		}
		_ = out.Write([]string{
			strconv.Itoa(i + 1), strconv.Itoa(s.Resources),
			strconv.FormatFloat(s.Start.Seconds(), 'f', 6, 64), strconv.FormatFloat(s.Latency.Seconds(), 'f', 6, 64), text,
		})
	}
	out.Flush()
	return out.Error()
}
