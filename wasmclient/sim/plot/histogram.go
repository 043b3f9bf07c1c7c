package plot

import (
	"slices"
	"strconv"

	"lockstep/wasmclient/sim"
)

const histogramHeight px = 150_00

const (
	mostBins = 80
	leastBin = 10_000 // ns
)

// bins counts the latencies of the answered queries, by a round width.
func bins(samples []sim.Sample, longest int64) (counts []int64, width int64) {
	width = roundUp(max(leastBin, longest/mostBins+1))
	counts = make([]int64, longest/width+1)
	for _, s := range samples {
		if s.Err == nil {
			counts[min(int64(len(counts))-1, int64(s.Latency)/width)]++
		}
	}
	return counts, width
}

// histogram draws how many queries took how long, and the quantiles.
func (c *canvas) histogram(samples []sim.Sample, l *sim.Latency) {
	c.y += 48_00
	c.text(label{class: "ink", x: margin, y: c.y, size: 15, bold: true}, "How long queries took")
	if l == nil {
		c.y += 22_00
		c.text(label{class: "faint", x: margin, y: c.y, size: 13}, "No query was answered.")
		return
	}
	counts, bin := bins(samples, nanoseconds(l.Max))
	top := c.y + 48_00
	bottom := top + histogramHeight
	x := axis{int64(len(counts)) * bin, c.left, right}
	y := axis{max(1, slices.Max(counts)), bottom, top}
	c.draw(`<g class="histogram">`)
	c.counts(y)
	bars := ""
	for i, count := range counts {
		if count > 0 { // at least a pixel high, or nobody sees that some took so long
			from, to, high := x.at(int64(i)*bin), x.at(int64(i+1)*bin), max(bottom-y.at(count), 1_00)
			gap := min(1_00, (to-from)/8)
			bars += box(from+gap, bottom-high, to-from-2*gap, high)
		}
	}
	c.path(`class="bar"`, bars)
	c.draw(`<line class="axis" x1="%v" x2="%v" y1="%v" y2="%[3]v"/>`, c.left, right, bottom)
	ticks, step := x.ticks(10)
	for _, tick := range ticks {
		c.text(label{class: "faint", anchor: "middle", x: x.at(tick), y: bottom + 18_00, size: 12}, inSeconds(tick, step))
	}
	c.quantiles(x.at(nanoseconds(l.P50)), x.at(nanoseconds(l.P99)), top, bottom, l)
	c.draw(`</g>`)
	c.y = bottom + 18_00
}

// counts draws the grid of the numbers of queries.
func (c *canvas) counts(y axis) {
	ticks, _ := y.ticks(5)
	for _, tick := range ticks[1:] {
		c.draw(`<line class="grid" x1="%v" x2="%v" y1="%v" y2="%[3]v"/>`, c.left, right, y.at(tick))
		c.text(label{class: "faint", anchor: "end", x: c.left - 8_00, y: y.at(tick) + 4_00, size: 12}, strconv.FormatInt(tick, 10))
	}
}

// quantiles draws p50 and p99 as lines, and above the bars what they are: p99 over p50,
// and p50 left of its line, so that neither text is on the other's line.
func (c *canvas) quantiles(p50, p99, top, bottom px, l *sim.Latency) {
	const line = `<line class="quantile" stroke-width="1.5" x1="%v" x2="%[1]v" y1="%v" y2="%v"/>`
	c.draw(line, p50, top-14_00, bottom)
	c.draw(line, p99, top-30_00, bottom)
	c.text(label{class: "said", anchor: "end", x: p50 - 6_00, y: top - 7_00, size: 12}, "p50 "+seconds(l.P50))
	above := label{class: "said", x: p99 + 6_00, y: top - 23_00, size: 12}
	if p99 > right-90_00 {
		above.x, above.anchor = p99-6_00, "end"
	}
	c.text(above, "p99 "+seconds(l.P99))
}
