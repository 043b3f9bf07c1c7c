package plot

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	rowHeight   px = 14_00
	blockHeight px = 9_00
	waitHeight  px = 1_50
	markSize    px = 2_50 // from a mark's middle to its end
	fine        px = 25   // what is narrower is not told apart
)

const (
	nameLength = 26     // characters at most
	mostPieces = 40_000 // else the file is too large
)

// leftOf is where the charts begin: right of the longest name.
func leftOf(rows []row) px {
	longest := 6
	for _, r := range rows {
		longest = max(longest, min(nameLength, utf8.RuneCountInString(r.name)))
	}
	return margin + 8_00 + px(longest)*6_80
}

// timeline draws who held which endpoint when.
func (c *canvas) timeline(r run) {
	c.y += 48_00
	c.text(label{class: "ink", x: margin, y: c.y, size: 15, bold: true}, "Who held which endpoint")
	c.y += 22_00
	if len(r.rows) == 0 {
		c.text(label{class: "faint", x: margin, y: c.y, size: 13}, "No lock was seen.")
		return
	}
	c.legend(r)
	top := c.y + 30_00
	bottom := top + px(len(r.rows))*rowHeight
	x := axis{r.end, c.left, right}
	c.draw(`<g class="timeline">`)
	c.frame(r, x, top, bottom)
	p := pieces(r, x, top)
	for colour, blocks := range p.blocks {
		c.path(fmt.Sprintf(`class="c%d"`, colour), blocks.String())
	}
	c.path(`class="wait"`, p.waits.String())
	c.path(`class="crash" stroke-width="1.5"`, crashes(r, x, top, bottom))
	c.path(`class="halo" stroke-width="4" stroke-linecap="round"`, p.lost.String())
	c.path(`class="lost" stroke-width="1.5" stroke-linecap="round"`, p.lost.String())
	c.draw(`</g>`)
	c.y = bottom + 4_00
}

// frame draws the rows' names and the times, above and below.
func (c *canvas) frame(r run, x axis, top, bottom px) {
	stripes := ""
	for i := 0; i < len(r.rows); i += 2 {
		stripes += box(c.left, top+px(i)*rowHeight, right-c.left, rowHeight)
	}
	c.path(`class="stripe"`, stripes)
	ticks, step := x.ticks(10)
	for _, tick := range ticks {
		at := x.at(tick)
		c.draw(`<line class="grid" x1="%v" x2="%[1]v" y1="%v" y2="%v"/>`, at, top-4_00, bottom)
		c.text(label{class: "faint", anchor: "middle", x: at, y: top - 10_00, size: 12}, inSeconds(tick, step))
	}
	for i, one := range r.rows {
		c.text(label{class: "ink", anchor: "end", x: c.left - 8_00, y: top + px(i)*rowHeight + 10_50, size: 11}, shortened(one.name, nameLength))
	}
}

// drawn is what the rows hold, as paths.
type drawn struct {
	blocks [colours]strings.Builder
	waits  strings.Builder
	lost   strings.Builder
	count  int
}

// pieces draws the rows as finely as it can be seen, or less where that is too much for
// those who look at it.
func pieces(r run, x axis, top px) *drawn {
	d := &drawn{}
	for least := fine; least < width; least *= 2 {
		d = &drawn{}
		for i := range r.rows {
			d.row(&r.rows[i], x, top+px(i)*rowHeight, least)
		}
		if d.count <= mostPieces {
			break
		}
	}
	return d
}

// row draws a row; what is nearer than least is not told apart.
func (d *drawn) row(r *row, x axis, y, least px) {
	for _, b := range joined(r.blocks, x, least) {
		path := &d.blocks[b.colour]
		path.WriteString(box(b.from, y+1_50, b.to-b.from, blockHeight))
		d.count++
	}
	waits := make([]block, len(r.waits))
	for i, w := range r.waits {
		waits[i].span = w
	}
	for _, w := range joined(waits, x, least) {
		d.waits.WriteString(box(w.from, y+rowHeight-waitHeight-1_00, w.to-w.from, waitHeight))
		d.count++
	}
	last := -width
	for _, at := range r.lost {
		if x.at(at)-last >= max(least, markSize) {
			last = x.at(at)
			d.lost.WriteString(cross(last, y+1_50+blockHeight/2))
			d.count += 3 // it is longer, and drawn twice
		}
	}
}

// piece is a block as it is drawn.
type piece struct {
	from, to px
	colour   int
}

// joined returns blocks, in order of time and apart, as pieces of at least that width.
// One that is narrower and that near is drawn as more of the one before it.
func joined(blocks []block, x axis, least px) []piece {
	var all []piece
	for _, b := range blocks {
		p := piece{x.at(b.start), x.at(b.end), b.colour}
		if last := len(all) - 1; last >= 0 {
			if p.to-p.from < least && p.from-all[last].to < least {
				all[last].to = max(all[last].to, p.to)
				continue
			}
			p.from = max(p.from, all[last].to)
		}
		p.to = max(p.to, p.from+least)
		all = append(all, p)
	}
	return all
}

// cross is the mark of a lost answer, as a path.
func cross(x, y px) string {
	const s = markSize
	return fmt.Sprintf("M%v %vl%v %[3]vm%v 0l%[3]v %[4]v", x-s, y-s, 2*s, -2*s)
}

func crashes(r run, x axis, top, bottom px) string {
	path, last := "", -width
	for _, at := range r.crashes {
		if x.at(at)-last >= 1_00 {
			last = x.at(at)
			path += fmt.Sprintf("M%v %vV%v", last, top, bottom)
		}
	}
	return path
}
