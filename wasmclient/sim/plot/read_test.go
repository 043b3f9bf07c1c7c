package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/sim"
	"lockstep/wasmclient/sim/plot"
)

// element is one of a picture's, with the class of the group that it is in.
type element struct {
	group, name, text string
	attributes        map[string]string
}

func (e element) number(t require.TestingT, attribute string) float64 {
	value, err := strconv.ParseFloat(e.attributes[attribute], 64)
	require.NoError(t, err)
	return value
}

// picture is an SVG, which must be well-formed, and of finite numbers with at most two
// decimals.
type picture struct {
	svg      string
	elements []element
}

var long = regexp.MustCompile(`\.\d{3}`)

func draw(t require.TestingT, trace *sim.Trace, samples []sim.Sample, report sim.Report) picture {
	var b bytes.Buffer
	require.NoError(t, plot.Write(&b, trace, samples, report))
	p := picture{svg: b.String()}
	var open []int
	group := ""
	for d := xml.NewDecoder(&b); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "%s", p.svg)
		switch token := token.(type) {
		case xml.StartElement:
			e := element{group: group, name: token.Name.Local, attributes: map[string]string{}}
			for _, a := range token.Attr {
				e.attributes[a.Name.Local] = a.Value
				require.False(t, long.MatchString(a.Value), "%s", a.Value)
				require.NotContains(t, a.Value, "NaN")
				require.NotContains(t, a.Value, "Inf")
			}
			if e.name == "g" {
				group = e.attributes["class"]
			}
			open = append(open, len(p.elements))
			p.elements = append(p.elements, e)
		case xml.CharData:
			if len(open) > 0 {
				p.elements[open[len(open)-1]].text += string(token)
			}
		case xml.EndElement:
			if token.Name.Local == "g" {
				group = ""
			}
			open = open[:len(open)-1]
		}
	}
	return p
}

// texts returns what is written in a group; "" is outside of all.
func (p picture) texts(group string) []string {
	var all []string
	for _, e := range p.elements {
		if e.name == "text" && e.group == group {
			all = append(all, e.text)
		}
	}
	return all
}

// names returns the timeline's rows.
func (p picture) names() []element {
	return slices.DeleteFunc(slices.Clone(p.elements), func(e element) bool {
		return e.name != "text" || e.group != "timeline" || e.attributes["text-anchor"] != "end"
	})
}

var shape = regexp.MustCompile(`M(-?[\d.]+) (-?[\d.]+)(?:h([\d.]+)|V|l)`)

// told reads the timeline of a run of ten seconds: what is in which row, from when to when.
func (p picture) told(t require.TestingT) []string {
	zero, ten := 0.0, 0.0
	for _, e := range p.elements {
		if e.group == "timeline" && e.text == "0" {
			zero = e.number(t, "x")
		}
		if e.group == "timeline" && e.text == "10 s" {
			ten = e.number(t, "x")
		}
	}
	second := func(x float64) string {
		return strings.TrimSuffix(strconv.FormatFloat(10*(x-zero)/(ten-zero), 'f', 1, 64), ".0")
	}
	var all []string
	for _, e := range p.elements {
		class := e.attributes["class"]
		if e.group != "timeline" || e.name != "path" || class == "stripe" || class == "halo" {
			continue
		}
		for _, m := range shape.FindAllStringSubmatch(e.attributes["d"], -1) {
			x, _ := strconv.ParseFloat(m[1], 64)
			y, _ := strconv.ParseFloat(m[2], 64)
			wide, _ := strconv.ParseFloat("0"+m[3], 64)
			when := second(x) + " to " + second(x+wide)
			switch class {
			case "lost":
				when = second(x + 2.5) // its middle
			case "crash":
				when = second(x)
			}
			all = append(all, fmt.Sprintf("%s %s %s", p.row(t, y), class, when))
		}
	}
	return all
}

// row names the row that a height is in.
func (p picture) row(t require.TestingT, y float64) string {
	for _, name := range p.names() {
		if at := name.number(t, "y"); y > at-10.5 && y < at+3.5 {
			return name.text
		}
	}
	return "-"
}
