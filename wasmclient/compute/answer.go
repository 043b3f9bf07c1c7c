package compute

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Answer is an estimate of pi.
type Answer struct {
	ID            string       `json:"id"` // of a cluster's run, else ""
	Simulations   int64        `json:"simulations"`
	Pi            float64      `json:"pi"`
	Distribution  Distribution `json:"simulations_distribution"`
	Time          float64      `json:"time"` // seconds
	StandardError float64      `json:"standard_error"`
	Seed          int64        `json:"seed"`

	JSON json.RawMessage `json:"-"` // the object, as the service answers it
}

// ParseAnswer reads an answer, as the service writes it.
func ParseAnswer(text []byte) (Answer, error) {
	var a Answer
	if err := json.Unmarshal(text, &a); err != nil {
		return Answer{}, err
	}
	if a.Simulations < 1 || a.Distribution.Parts < 1 {
		return Answer{}, fmt.Errorf("no estimate: %.100s", text)
	}
	a.JSON = text
	return a, nil
}

// Distribution is a summary of how the simulations were divided.
type Distribution struct {
	Of          string // what each is: "part", "shard"
	Parts       int
	Least, Most int64 // simulations of one
}

// UnmarshalJSON reads the list of all parts that a request's answer has, or the summary
// over shards that a run's has.
func (d *Distribution) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), "{") {
		var summary struct {
			Shards int   `json:"shards"`
			Least  int64 `json:"least"`
			Most   int64 `json:"most"`
		}
		err := json.Unmarshal(text, &summary)
		*d = Distribution{"shard", summary.Shards, summary.Least, summary.Most}
		return err
	}
	var parts []int64
	err := json.Unmarshal(text, &parts)
	*d = distributionOf(parts)
	return err
}

func distributionOf(parts []int64) Distribution {
	d := Distribution{Of: "part", Parts: len(parts), Least: math.MaxInt64}
	for _, n := range parts {
		d.Least, d.Most = min(d.Least, n), max(d.Most, n)
	}
	return d
}

// String returns the distribution in words.
func (d Distribution) String() string {
	size := Grouped(d.Most)
	if d.Least != d.Most {
		size = Grouped(d.Least) + " to " + size
	}
	if d.Parts == 1 {
		return "1 " + d.Of
	}
	return fmt.Sprintf("%s %ss of %s", Grouped(int64(d.Parts)), d.Of, size)
}

// WriteText writes the answer for people.
func (a Answer) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, value string) { _, _ = fmt.Fprintf(w, "%s\t%s\n", name, value) } // Flush has the error
	if a.ID != "" {
		row("run", a.ID)
	}
	row("pi", strconv.FormatFloat(a.Pi, 'f', -1, 64))
	row("standard error", fmt.Sprintf("%.3g", a.StandardError))
	row("off by", a.off())
	row("simulations", Grouped(a.Simulations))
	row("time", a.speed())
	row("seed", strconv.FormatInt(a.Seed, 10))
	row("distribution", a.Distribution.String())
	return w.Flush()
}

// off is how far the estimate is from the true value.
func (a Answer) off() string {
	text := fmt.Sprintf("%+.3g", a.Pi-math.Pi)
	if a.StandardError > 0 {
		text += fmt.Sprintf(", %+.2f standard errors", (a.Pi-math.Pi)/a.StandardError)
	}
	return text
}

func (a Answer) speed() string {
	text := fmt.Sprintf("%.3f s", a.Time)
	if a.Time <= 0 {
		return text
	}
	rate, unit := float64(a.Simulations)/a.Time, ""
	switch {
	case rate >= 1e9:
		rate, unit = rate/1e9, "billion "
	case rate >= 1e6:
		rate, unit = rate/1e6, "million "
	}
	return fmt.Sprintf("%s, %.1f %ssimulations a second", text, rate, unit)
}

// Grouped writes a number that is not negative with its digits in groups of three, as
// in 1,000,000.
func Grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
