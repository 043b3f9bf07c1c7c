package sim_test

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

var rounds = flag.Int("rounds", 4, "how many worlds each rule is measured in")

// measured is what clients make of an old server that they share.
type measured struct {
	rule                    syncquery.Rule
	failed                  int
	makespan, mean, longest time.Duration // on the average
	worst                   time.Duration // the longest wait of all
}

// crowd is four clients who answer in groups, of the usual registry.
func crowd(t *testing.T) sim.Options {
	t.Helper()
	o := usual(t, syncquery.Group)
	o.Clients, o.Workers, o.Queries = 4, 25, 250
	return o
}

// crush is six clients who each need several of few endpoints at once, and have no way
// around.
func crush(t *testing.T) sim.Options {
	t.Helper()
	o := usual(t, syncquery.Cover)
	o.Clients, o.Workers, o.Queries, o.MaxResources = 6, 4, 60, 4
	o.World.Registry = nil
	for i := range 8 {
		o.World.Registry = append(o.World.Registry, syncquery.Endpoint{Name: string(rune('a' + i)), Resources: []int64{int64(i)}})
	}
	return o
}

// share simulates clients who share a server without the rule, for some seeds.
func share(t *testing.T, o sim.Options, rule syncquery.Rule) measured {
	t.Helper()
	m := measured{rule: rule}
	n := time.Duration(*rounds)
	for seed := range uint64(*rounds) {
		o.Seed, o.Without = 16*seed, rule
		w := runWorld(t, o)
		var sum, longest time.Duration
		for _, s := range w.Samples() {
			sum += s.Latency
			longest = max(longest, s.Latency)
			if s.Err != nil {
				m.failed++
			}
		}
		m.makespan += time.Duration(w.Report().Makespan*float64(time.Second)) / n
		m.mean += sum / time.Duration(w.Total()) / n
		m.longest += longest / n
		m.worst = max(m.worst, longest)
	}
	return m
}

// Each rule is worth something: without it queries fail, or wait clearly longer, in one of
// the two.
func TestEveryRuleIsWorthSomething(t *testing.T) {
	if runtime.GOOS == "js" {
		t.Skip("measured natively: the worlds are the same")
	}
	t.Parallel()
	worth := map[syncquery.Rule]bool{}
	for name, o := range map[string]sim.Options{"crowd": crowd(t), "crush": crush(t)} {
		with := share(t, o, "")
		require.Zero(t, with.failed)
		var table strings.Builder
		fmt.Fprintf(&table, "%s\n%-24s %7s %10s %10s %10s %10s\n%s", name, "without", "failed", "makespan", "mean", "longest", "worst", with)
		for _, rule := range syncquery.Rules() {
			without := share(t, o, rule)
			fmt.Fprint(&table, without)
			if without.failed > 0 || without.mean > with.mean*6/5 {
				worth[rule] = true
			}
		}
		t.Log(table.String())
	}
	for _, rule := range syncquery.Rules() {
		require.True(t, worth[rule], rule)
	}
}

func (m measured) String() string {
	return fmt.Sprintf("%-24s %7d %8.3f s %8.3f s %8.3f s %8.3f s\n", m.rule, m.failed, m.makespan.Seconds(), m.mean.Seconds(), m.longest.Seconds(), m.worst.Seconds())
}
