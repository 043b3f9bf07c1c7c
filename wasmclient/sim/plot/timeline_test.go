package plot_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

// event is one of a trace: at a time in seconds, of a reading at an endpoint, of a client.
type event struct {
	at       float64
	kind     syncquery.HappeningKind
	reading  int32
	endpoint int32
	client   uint16
}

func traceOf(endpoints []string, events ...event) *sim.Trace {
	t := &sim.Trace{Endpoints: endpoints}
	for _, e := range events {
		t.At = append(t.At, int64(e.at*float64(time.Second)))
		t.Kind = append(t.Kind, uint8(e.kind))
		t.Client = append(t.Client, e.client)
		t.Reading = append(t.Reading, e.reading)
		t.Endpoint = append(t.Endpoint, e.endpoint)
		t.Query = append(t.Query, -1)
		t.Resource = append(t.Resource, -1)
	}
	return t
}

var tenSeconds = sim.Report{Strategy: "group", Queries: 1, Makespan: 10}

func leaving(possibly []string, facts *sim.Facts) sim.Report {
	r := tenSeconds
	r.PossiblyLocked, r.Facts = possibly, facts
	return r
}

const (
	lock     = syncquery.Locking
	locked   = syncquery.Locked
	refused  = syncquery.Refused
	lost     = syncquery.AnswerLost
	unlock   = syncquery.Unlocking
	unlocked = syncquery.Unlocked
)

func TestTimeline(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events []event
		report sim.Report
		want   []string
	}{
		"held from locked to unlocked": {
			[]event{{1, locked, 0, 0, 0}, {2, locked, 0, 1, 0}, {3, unlock, 0, 0, 0}, {4, unlocked, 0, 0, 0}, {5, unlocked, 0, 1, 0}, {6, locked, 1, 0, 0}, {7, unlocked, 1, 0, 0}},
			tenSeconds, []string{"a c0 1 to 4", "b c0 2 to 5", "a c1 6 to 7"},
		},
		"the colours come again": {
			[]event{{1, locked, 7, 0, 0}, {2, unlocked, 7, 0, 0}, {3, locked, 15, 0, 0}, {4, unlocked, 15, 0, 0}},
			tenSeconds, []string{"a c0 1 to 2", "a c1 3 to 4"},
		},
		"never freed": {[]event{{3, locked, 2, 1, 0}}, tenSeconds, []string{"b c2 3 to 10"}},
		"waited for, by one reading after the other": {
			[]event{
				{1, lock, 0, 0, 0}, {2, refused, 0, 0, 0}, {2.5, lock, 1, 0, 0}, {3, locked, 0, 0, 0}, {4, unlocked, 0, 0, 0}, {5, locked, 1, 0, 0}, {6, unlocked, 1, 0, 0},
				{7, refused, 2, 0, 0}, {8, locked, 2, 0, 0}, {9, unlocked, 2, 0, 0},
			},
			tenSeconds, []string{"a c0 3 to 4", "a c1 5 to 6", "a c2 8 to 9", "a wait 1 to 5", "a wait 7 to 8"},
		},
		"waited for by one reading while another does": {
			[]event{
				{1, lock, 0, 0, 0}, {2, lock, 1, 0, 0}, {3, locked, 1, 0, 0}, {4, unlocked, 1, 0, 0}, {4, lock, 2, 0, 0}, {5, refused, 2, 0, 0},
				{6, locked, 0, 0, 0}, {7, unlocked, 0, 0, 0},
			},
			tenSeconds, []string{"a c1 3 to 4", "a c0 6 to 7", "a wait 1 to 6"},
		},
		"waited for in vain, until the last try": {
			[]event{{1, locked, 0, 0, 0}, {2, lock, 1, 0, 0}, {4, refused, 1, 0, 0}, {9, unlocked, 0, 0, 0}},
			tenSeconds, []string{"a c0 1 to 9", "a wait 2 to 4"},
		},
		"the answer to an unlock was lost": {
			[]event{{1, locked, 0, 0, 0}, {4, lost, 0, 0, 0}}, tenSeconds, []string{"a c0 1 to 4", "a lost 4"},
		},
		"and it was not done": {
			[]event{{1, locked, 0, 0, 0}, {4, lost, 0, 0, 0}}, leaving([]string{"a"}, &sim.Facts{LocksLeft: []string{"a"}}), []string{"a c0 1 to 10", "a lost 4"},
		},
		"and nobody knows": {
			[]event{{1, locked, 0, 0, 0}, {4, lost, 0, 0, 0}}, leaving([]string{"a"}, nil), []string{"a c0 1 to 10", "a lost 4"},
		},
		"and nobody but the world knows": {
			[]event{{1, locked, 0, 0, 0}, {4, lost, 0, 0, 0}}, leaving([]string{"a"}, &sim.Facts{}), []string{"a c0 1 to 4", "a lost 4"},
		},
		"and it was, for the next one got it": {
			[]event{{1, locked, 0, 0, 0}, {4, lost, 0, 0, 0}, {5, locked, 1, 0, 0}}, leaving([]string{"a"}, nil), []string{"a c0 1 to 4", "a c1 5 to 10", "a lost 4"},
		},
		"the answer to a lock was lost": {
			[]event{{1, lock, 0, 0, 0}, {2, lost, 0, 0, 0}, {3, locked, 1, 0, 0}, {4, unlocked, 1, 0, 0}}, tenSeconds, []string{"a c1 3 to 4", "a lost 2"},
		},
		"and it was done": {
			[]event{{1, lock, 3, 0, 0}, {2, lost, 3, 0, 0}}, leaving(nil, &sim.Facts{LocksLeft: []string{"a"}}), []string{"a c3 2 to 10", "a lost 2"},
		},
		"and it was cleared": {
			[]event{{1, lock, 3, 0, 0}, {2, lost, 3, 0, 0}, {4, unlocked, -1, 0, 0}}, leaving([]string{"a"}, nil), []string{"a lost 2"},
		},
		"a lock's answer is lost while another holds it": {
			[]event{{1, locked, 0, 0, 0}, {2, lost, 1, 0, 0}, {5, unlocked, 0, 0, 0}}, tenSeconds, []string{"a c0 1 to 5", "a lost 2"},
		},
		"whoever freed it hears so after the next one got it": {
			[]event{{1, locked, 0, 0, 0}, {4, locked, 1, 0, 0}, {5, unlocked, 0, 0, 0}, {6, unlocked, 1, 0, 0}}, tenSeconds, []string{"a c0 1 to 4", "a c1 4 to 6"},
		},
		"of several clients, by client": {
			[]event{{1, locked, 4, 0, 1}, {2, unlocked, 4, 0, 1}, {3, locked, 5, 0, 9}, {4, unlocked, 5, 0, 9}}, tenSeconds, []string{"a c1 1 to 2", "a c2 3 to 4"},
		},
		"a client crashed, and others go on": {
			[]event{{1, locked, 0, 0, 0}, {2, locked, 1, 1, 1}, {3, syncquery.Crashed, -1, -1, 0}, {4, unlocked, 1, 1, 1}}, tenSeconds, []string{"a c0 1 to 10", "b c1 2 to 4", "- crash 3"},
		},
		"longer than the makespan": {
			[]event{{5, locked, 0, 0, 0}, {10, unlocked, 0, 0, 0}}, sim.Report{Makespan: 3}, []string{"a c0 5 to 10"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := draw(t, traceOf([]string{"a", "b"}, c.events...), nil, c.report)
			require.ElementsMatch(t, c.want, p.told(t))
		})
	}
}

func TestTheTimelineHasTheEndpointsThatWereLocked(t *testing.T) {
	t.Parallel()
	p := draw(t, traceOf([]string{"z", "never", "a<&\">\x00", "of a name that is far too long", "refused"},
		event{1, locked, 0, 3, 0}, event{1, locked, 0, 2, 0}, event{2, locked, 0, 0, 0}, event{3, refused, 1, 4, 0}), nil, tenSeconds)
	var names []string
	for _, name := range p.names() {
		names = append(names, name.text)
	}
	require.Equal(t, []string{"z", "a<&\">\ufffd", "of a name that is far too…"}, names)
}

func TestTheLegendNamesWhatIsInTheTimeline(t *testing.T) {
	t.Parallel()
	of := func(events ...event) []string {
		return draw(t, traceOf([]string{"a"}, events...), nil, tenSeconds).texts("legend")
	}
	held := event{1, locked, 0, 0, 0}
	require.Equal(t, []string{"held, in the colour of the reading"}, of(held))
	require.Equal(t, []string{"held, in the colour of the reading", "waited for"}, of(event{0, lock, 0, 0, 0}, held))
	require.Equal(t, []string{"held, in the colour of the reading", "answer lost"}, of(held, event{2, lost, 0, 0, 0}))
	require.Equal(t, []string{"held, in the colour of the reading", "client crashed"}, of(held, event{2, syncquery.Crashed, -1, -1, 0}))
	require.Equal(t, []string{"client 0", "client 2"}, of(held, event{2, unlocked, 0, 0, 0}, event{3, locked, 1, 0, 2}))
	many := []event{{0, lock, 5, 0, 0}, {0, lost, 0, 0, 0}, {0, syncquery.Crashed, -1, -1, 0}}
	for client := range uint16(16) {
		many = append(many, event{float64(client), locked, 0, 0, client})
	}
	many = append(many, event{16, refused, 5, 0, 0})
	require.Equal(t, []string{"clients 0, 7, …", "clients 1, 8, …", "clients 2, 9", "clients 3, 10", "clients 4, 11", "clients 5, 12", "clients 6, 13", "waited for", "answer lost", "client crashed"}, of(many...))
	lines := map[string]int{}
	for _, e := range draw(t, traceOf([]string{"a"}, many...), nil, tenSeconds).elements {
		if e.group == "legend" && e.name == "text" {
			lines[e.attributes["y"]]++
			require.Less(t, e.number(t, "x"), 900.0)
		}
	}
	require.Len(t, lines, 2, "what has no room is on a line of its own")
}

func TestBlocksAreSeenAndApartHoweverShort(t *testing.T) {
	t.Parallel()
	p := draw(t, traceOf([]string{"a"}, event{1, locked, 0, 0, 0}, event{1.0001, unlocked, 0, 0, 0}, event{1.0002, locked, 1, 0, 0}, event{5, unlocked, 1, 0, 0}), nil, tenSeconds)
	var at []float64
	for _, e := range p.elements {
		if m := bar.FindStringSubmatch(e.attributes["d"]); m != nil && e.group == "timeline" && e.attributes["class"] != "stripe" {
			x, _ := strconv.ParseFloat(m[1], 64)
			wide, _ := strconv.ParseFloat(m[3], 64)
			require.GreaterOrEqual(t, wide, 0.25)
			at = append(at, x, x+wide)
		}
	}
	require.Len(t, at, 4)
	require.LessOrEqual(t, at[1], at[2]+1e-9)
}

// However much there is to draw, people open the file.
func TestALargeRunIsASmallFile(t *testing.T) {
	t.Parallel()
	const rows = 50
	for _, times := range []int{1_600, 4_000} {
		trace := &sim.Trace{}
		for r := range rows {
			trace.Endpoints = append(trace.Endpoints, fmt.Sprintf("endpoint-%d", r))
		}
		for i := range rows * times * 4 {
			kind := [...]syncquery.HappeningKind{lock, locked, lost, unlocked}[i/rows%4]
			trace.At = append(trace.At, int64(i)*int64(time.Millisecond))
			trace.Kind = append(trace.Kind, uint8(kind))
			trace.Client = append(trace.Client, 0)
			trace.Reading = append(trace.Reading, int32(i/rows/4))
			trace.Endpoint = append(trace.Endpoint, int32(i%rows))
		}
		p := draw(t, trace, nil, tenSeconds)
		require.Less(t, len(p.svg), 2<<20)
		require.Greater(t, len(p.svg), 100_000, "and yet it shows something")
		require.Len(t, p.names(), rows)
	}
}
