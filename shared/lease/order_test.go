package lease_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/shared/lease"
)

// wish is what one of a crowd does: when it comes, what it wants, how long it holds
// it, and whether it gives up waiting, releases or lets expire what it holds, or dies.
type wish struct {
	process int
	at      time.Duration
	keys    []string
	ttl     time.Duration
	hold    time.Duration
	patient bool
	end     string
}

var someWish = rapid.Custom(func(t *rapid.T) wish {
	ms := func(most int, what string) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, what)) * time.Millisecond
	}
	return wish{
		process: rapid.IntRange(0, 3).Draw(t, "process"),
		at:      ms(300, "at"),
		keys:    rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 1, 4, rapid.ID[string]).Draw(t, "keys"),
		ttl:     rapid.SampledFrom([]time.Duration{lease.MinTTL, time.Second, time.Minute}).Draw(t, "ttl"),
		hold:    ms(100, "hold"),
		patient: rapid.IntRange(0, 4).Draw(t, "patient") > 0,
		end:     rapid.SampledFrom([]string{"release", "release", "release", "die"}).Draw(t, "end"),
	}
})

// Whatever sets of keys are wanted by whomever: each key is held by one at a time, in
// the order of the enqueues; whoever waits is granted, whoever dies.
func TestFirstComeFirstServedWithoutDeadlock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		wishes := rapid.SliceOfN(someWish, 1, 20).Draw(rt, "wishes")
		var wrongs []string
		virtual(t, func(t *testing.T) { wrongs = fulfil(t, wishes) })
		if len(wrongs) > 0 {
			rt.Fatal(wrongs)
		}
	})
}

// fulfil lets the wishes meet, and returns what went wrong.
func fulfil(t *testing.T, wishes []wish) []string {
	memory := &lease.Memory{}
	var line order
	memory.OnWrite = line.watch
	leasers := make([]*lease.Leaser, 4)
	for i := range leasers {
		leasers[i] = lease.New(slow{memory, time.Millisecond}, lease.Options{})
	}
	wrongs := make(chan string, len(wishes))
	for _, w := range wishes {
		go func() { wrongs <- w.come(t, leasers[w.process]) }()
	}
	var all []string
	for range wishes {
		if wrong := <-wrongs; wrong != "" {
			all = append(all, wrong)
		}
	}
	return append(all, line.wrongs...)
}

// come returns what went wrong.
func (w wish) come(t *testing.T, l *lease.Leaser) string {
	time.Sleep(w.at)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := lease.Request{Keys: w.keys, TTL: w.ttl, Wait: 10 * time.Minute}
	if !w.patient {
		r.Wait = w.hold + time.Millisecond
	}
	held, err := l.Acquire(ctx, r)
	if err != nil {
		if w.patient {
			return fmt.Sprintf("%+v: %v", w, err)
		}
		return ""
	}
	time.Sleep(w.hold)
	if err := held.Err(); err != nil {
		return fmt.Sprintf("%+v: %v", w, err)
	}
	if w.end == "release" {
		if err := held.Release(ctx); err != nil {
			return fmt.Sprintf("%+v: %v", w, err)
		}
	}
	return ""
}

// order watches the writes of a store, by itself: what the Leasers say of them is
// another thing.
type order struct {
	last   map[string]int64 // by key: the token of the last one that was granted
	wrongs []string
}

func (o *order) watch(before, after lease.View) {
	if o.last == nil {
		o.last = map[string]int64{}
	}
	holder := map[string]int64{}
	for _, e := range after.Entries {
		was, stood := before.Find(e.ID)
		if !e.Confirmed {
			continue
		}
		for _, key := range e.Keys {
			if holder[key] != 0 {
				o.wrongs = append(o.wrongs, fmt.Sprintf("%s is granted to %d and %d", key, holder[key], e.Ticket))
			}
			holder[key] = e.Ticket
			if (!stood || !was.Confirmed) && e.Ticket <= o.last[key] {
				o.wrongs = append(o.wrongs, fmt.Sprintf("%s is granted to %d after %d", key, e.Ticket, o.last[key]))
			}
			o.last[key] = e.Ticket
		}
	}
	for _, e := range after.Entries { // who came first has what it wants, or waits for who came still earlier
		for _, ahead := range after.Entries {
			if e.Confirmed && ahead.Ticket < e.Ticket && sharesKey(ahead, e) {
				o.wrongs = append(o.wrongs, fmt.Sprintf("%d is granted before %d", e.Ticket, ahead.Ticket))
			}
		}
	}
}

func sharesKey(a, b lease.Entry) bool {
	for _, x := range a.Keys {
		for _, y := range b.Keys {
			if x == y {
				return true
			}
		}
	}
	return false
}

// Of 32 workers that always want something, the one that waits longest does not wait
// much longer than the others.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	for name, processes := range map[string]int{"in one process": 1, "each in its own": 32} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, func(t *testing.T) { starve(t, processes) })
		})
	}
}

func starve(t *testing.T, processes int) {
	store := slow{&lease.Memory{}, 4 * time.Millisecond}
	leasers := make([]*lease.Leaser, processes)
	for i := range leasers {
		leasers[i] = lease.New(store, lease.Options{})
	}
	var waits []time.Duration
	waited := make(chan time.Duration)
	for w := range 32 {
		go func() {
			for range 10 {
				keys := rand.Perm(12)[:3]
				begin := time.Now()
				held, err := leasers[w%processes].Acquire(t.Context(), request(fmt.Sprint(keys[0]), fmt.Sprint(keys[1]), fmt.Sprint(keys[2])))
				if err != nil {
					return
				}
				took := time.Since(begin)
				time.Sleep(5 * time.Millisecond)
				_ = held.Release(t.Context())
				waited <- took
			}
		}()
	}
	total := time.Duration(0)
	for range 32 * 10 {
		waits = append(waits, <-waited)
		total += waits[len(waits)-1]
	}
	longest := time.Duration(0)
	for _, wait := range waits {
		longest = max(longest, wait)
	}
	require.Less(t, longest, 2*total/time.Duration(len(waits)))
}
