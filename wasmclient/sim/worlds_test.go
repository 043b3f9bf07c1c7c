package sim_test

import (
	"flag"
	"fmt"
	"math"
	"sort"
	"testing"
	"time"

	"lockstep/wasmclient/sim"
)

var worlds = flag.Int("worlds", 300, "how many random worlds are simulated")

func TestWorldsTry(t *testing.T) {
	begin := time.Now()
	type res struct {
		seed  uint64
		ratio float64
		o     sim.Options
		r     sim.Report
		max   time.Duration
	}
	var all []res
	var slow time.Duration
	var slowSeed uint64
	fails := map[string]int{}
	for seed := range uint64(*worlds) {
		o := sim.RandomWorld(seed)
		b := time.Now()
		w, err := sim.NewWorld(o)
		if err != nil {
			t.Fatal(seed, err)
		}
		n := 0
		for w.Advance(100000) {
			n++
			if n > 100 {
				t.Fatal("seed", seed, "never ends", w.Now(), w.Done(), w.Total())
			}
		}
		if d := time.Since(b); d > slow {
			slow, slowSeed = d, seed
		}
		r := w.Report()
		if r.BadReads > 0 {
			t.Errorf("seed %d: %d bad reads", seed, r.BadReads)
		}
		if w.Done() != w.Total() {
			t.Errorf("seed %d: %d of %d", seed, w.Done(), w.Total())
		}
		if r.Failed > 0 {
			fails[r.FirstError]++
		}
		if o.World.HangRate > 0 || o.World.Crash > 0 || o.World.DropRate > 0 {
			continue
		}
		var m time.Duration
		for _, s := range w.Samples() {
			m = max(m, s.Latency)
		}
		H := o.World.ReadTime + 4*o.World.Latency + 20*time.Millisecond
		nn := float64(o.Clients)
		k := 1.0
		if nn > 1 {
			k = math.Log(1e-7) / math.Log(1-1/nn)
		}
		W := 2.0
		if o.Strategy == "cover" { W = float64(o.Workers); if o.Rate > 0 { W = float64(o.Queries) } }
		B := time.Duration((nn*W + k) * float64(H + 65*time.Millisecond))
		all = append(all, res{seed, float64(m) / float64(B), o, r, m})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ratio > all[j].ratio })
	for _, x := range all[:min(12, len(all))] {
		fmt.Println(x.seed, x.ratio, x.o.Strategy, "clients", x.o.Clients, "workers", x.o.Workers, "rate", x.o.Rate, "E", len(x.o.World.Registry), "read", x.o.World.ReadTime, "ours", x.o.World.Ours, "err", x.o.World.ErrorRate, x.max, "failed", x.r.Failed, x.r.FirstError)
	}
	fmt.Println(fails)
	t.Log(time.Since(begin), "slowest", slow, slowSeed)
}
