package plot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// legend is what the timeline's marks mean; it is set entry by entry, in lines.
type legend struct {
	*canvas
	x px
}

// legend draws what the marks mean that are in the timeline.
func (c *canvas) legend(r run) {
	c.draw(`<g class="legend">`)
	defer c.draw(`</g>`)
	l := &legend{c, margin}
	if len(r.clients) > 1 {
		for colour, said := range clientsByColour(r.clients) {
			if said != "" {
				l.swatch(l.entry(12_00, said), colour)
			}
		}
	} else {
		x := l.entry(colours*12_00, "held, in the colour of the reading")
		for colour := range colours {
			l.swatch(x+px(colour)*12_00, colour)
		}
	}
	if slices.ContainsFunc(r.rows, func(r row) bool { return len(r.waits) > 0 }) {
		x := l.entry(18_00, "waited for")
		l.path(`class="wait"`, box(x, l.y-4_50, 18_00, waitHeight))
	}
	if slices.ContainsFunc(r.rows, func(r row) bool { return len(r.lost) > 0 }) {
		x := l.entry(8_00, "answer lost")
		l.path(`class="lost" stroke-width="1.5" stroke-linecap="round"`, cross(x+4_00, l.y-4_00))
	}
	if len(r.crashes) > 0 {
		x := l.entry(4_00, "client crashed") + 2_00
		l.path(`class="crash" stroke-width="1.5"`, fmt.Sprintf("M%v %vv%v", x, l.y-11_00, px(13_00)))
	}
}

// entry says what a mark of that width means, and returns where the mark is to be.
func (l *legend) entry(mark px, said string) (x px) {
	const gap, between px = 7_00, 16_00
	length := mark + gap + px(utf8.RuneCountInString(said))*6_40
	if l.x > margin && l.x+length > right {
		l.x = margin
		l.y += 18_00
	}
	x = l.x
	l.text(label{class: "faint", x: x + mark + gap, y: l.y, size: 12}, said)
	l.x += length + between
	return x
}

func (l *legend) swatch(x px, colour int) {
	l.path(fmt.Sprintf(`class="c%d"`, colour), box(x, l.y-8_50, 12_00, 9_00))
}

// clientsByColour names the clients of each colour, by the numbers that they have in the
// trace.
func clientsByColour(clients []uint16) [colours]string {
	const most = 2 // of one colour
	var numbers [colours][]string
	for _, client := range clients {
		of := &numbers[client%colours]
		switch len(*of) {
		case most:
			*of = append(*of, "…")
		case most + 1:
		default:
			*of = append(*of, strconv.Itoa(int(client)))
		}
	}
	var said [colours]string
	for colour, of := range numbers {
		switch len(of) {
		case 0:
		case 1:
			said[colour] = "client " + of[0]
		default:
			said[colour] = "clients " + strings.Join(of, ", ")
		}
	}
	return said
}
