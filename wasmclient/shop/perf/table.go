package perf

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

var head = []string{"label", "hits", "hits/s", "mean", "p50", "p90", "p99", "max", "errors", "trend"}

// WriteTable writes a result for people, a row for each label, and below it what is
// wrong, if anything is.
func WriteTable(w io.Writer, r *Result) error {
	rows := [][]string{head}
	for _, l := range r.Labels {
		rows = append(rows, l.row())
	}
	var b strings.Builder
	align(&b, rows)
	requests, errors := r.Requests()
	fmt.Fprintf(&b, "%d requests in %.1f s, %d errors\n", requests, r.Elapsed, errors)
	for _, remark := range r.remarks() {
		b.WriteString(remark + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (l LabelResult) row() []string {
	row := []string{l.Label.String(), strconv.Itoa(l.Hits), fmt.Sprintf("%.1f", l.PerSecond)}
	if t := l.Latency; t != nil {
		for _, seconds := range []float64{t.Mean, t.P50, t.P90, t.P99, t.Max} {
			row = append(row, fmt.Sprintf("%.2f ms", seconds*1e3))
		}
	} else {
		row = append(row, "-", "-", "-", "-", "-")
	}
	return append(row, strconv.Itoa(l.Errors), l.Trend.String())
}

// remarks say which labels have failures, and which became slower.
func (r *Result) remarks() []string {
	var all []string
	for _, l := range r.Labels {
		if l.Errors > 0 {
			all = append(all, fmt.Sprintf("%s: %d of %d failed, the first: %s", l.Label, l.Errors, l.Hits, l.FirstError))
		}
	}
	for _, l := range r.Labels {
		if l.Trend != nil && l.Trend.Slower {
			all = append(all, fmt.Sprintf("%s became slower: its mean changed by %s over the run", l.Label, l.Trend))
		}
	}
	return all
}

// align writes rows in columns, the first to the left.
func align(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			if i == 0 {
				fmt.Fprintf(b, "%-*s", widths[i], cell) // which counts characters, not bytes
			} else {
				fmt.Fprintf(b, "  %*s", widths[i], cell)
			}
		}
		b.WriteByte('\n')
	}
}
