package plot

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// px is a length in hundredths of a pixel: whole numbers are drawn alike everywhere.
type px int

// String is the length as SVG has it.
func (p px) String() string {
	return strconv.FormatFloat(float64(p)/100, 'f', -1, 64)
}

// canvas is a picture that is being drawn, from top to bottom.
type canvas struct {
	left px // where the two charts begin
	y    px // how far it has come
	body strings.Builder
}

func (c *canvas) draw(format string, args ...any) { fmt.Fprintf(&c.body, format+"\n", args...) }

// label is how a text is set.
type label struct {
	class  string
	anchor string // "": x is its begin
	x, y   px
	size   int // of the font
	bold   bool
}

func (c *canvas) text(l label, said string) {
	more := ""
	if l.anchor != "" {
		more = ` text-anchor="` + l.anchor + `"`
	}
	if l.bold {
		more += ` font-weight="600"`
	}
	c.draw(`<text class="%s" x="%v" y="%v" font-size="%d"%s>%s</text>`, l.class, l.x, l.y, l.size, more, escaped(said))
}

// path draws a path, if there is anything of it.
func (c *canvas) path(attributes, path string) {
	if path != "" {
		c.draw(`<path %s d="%s"/>`, attributes, path)
	}
}

// picture returns the whole SVG.
func (c *canvas) picture(title string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %v %v" width="%[1]v" height="%[2]v" role="img" aria-labelledby="title" font-family="system-ui, sans-serif">
<title id="title">%[3]s</title>
%[4]s<rect class="paper" width="100%%" height="100%%"/>
%[5]s</svg>
`, width, c.y+24_00, escaped(title), style, c.body.String())
}

// escaped is a text as XML has it; what XML can't have becomes U+FFFD.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder has no errors
	return b.String()
}

// box is a rectangle of a path.
func box(x, y, width, height px) string {
	return fmt.Sprintf("M%v %vh%vv%vh%vz", x, y, width, height, -width)
}

// shortened is a text of at most so many characters.
func shortened(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
