package load

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

var head = []string{"protocol", "operation", "clients", "requests", "mean", "clients' means", "p50", "p90", "p99", "max", "requests/s", "errors"}

// texts is how many columns, from the first, are words, which begin at the left.
const texts = 2

// WriteTable writes results for people: a row each, and with verbose one more for
// each client.
func WriteTable(w io.Writer, results []Result, verbose bool) error {
	rows := [][]string{head}
	for _, r := range results {
		rows = append(rows, r.row())
		for i, c := range r.Clients {
			if verbose {
				rows = append(rows, c.row(i+1))
			}
		}
	}
	var b strings.Builder
	align(&b, rows)
	for _, r := range results {
		if r.Errors > 0 {
			fmt.Fprintf(&b, "%s: %d of %d failed, the first: %s\n", r.name(), r.Errors, r.Requests, r.FirstError)
		}
		if r.OutOfStock > 0 {
			fmt.Fprintf(&b, "%s: %d of %d were answered \"out of stock\"\n", r.name(), r.OutOfStock, r.Requests)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Result) name() string {
	return fmt.Sprintf("%s %s, clients: %d", r.Protocol, r.Operation, len(r.Clients))
}

func (r Result) row() []string {
	row := []string{r.Protocol, string(r.Operation), strconv.Itoa(len(r.Clients)), strconv.Itoa(r.Requests)}
	if l := r.Latency; l != nil {
		row = append(row, ms(l.Mean), r.means(), ms(l.P50), ms(l.P90), ms(l.P99), ms(l.Max), fmt.Sprintf("%.1f", r.Throughput))
	} else {
		row = append(row, "-", "-", "-", "-", "-", "-", "-")
	}
	return append(row, strconv.Itoa(r.Errors))
}

// means is the least and the greatest of the clients' means.
func (r Result) means() string {
	var least, most *float64
	for _, c := range r.Clients {
		if c.Mean != nil && (least == nil || *c.Mean < *least) {
			least = c.Mean
		}
		if c.Mean != nil && (most == nil || *c.Mean > *most) {
			most = c.Mean
		}
	}
	return fmt.Sprintf("%.2f..%s", *least*1e3, ms(*most))
}

func (c Client) row(number int) []string {
	row := []string{"", "", "#" + strconv.Itoa(number), strconv.Itoa(c.Answered + c.Errors), "-", "", "", "", "", "", "", strconv.Itoa(c.Errors)}
	if c.Mean != nil {
		row[4] = ms(*c.Mean)
	}
	return row
}

func ms(seconds float64) string { return fmt.Sprintf("%.2f ms", seconds*1e3) }

// align writes rows in columns.
func align(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			if i < texts {
				fmt.Fprintf(b, "%-*s  ", widths[i], cell)
			} else {
				fmt.Fprintf(b, "%*s", widths[i], cell)
				if i < len(row)-1 {
					b.WriteString("  ")
				}
			}
		}
		b.WriteByte('\n')
	}
}
