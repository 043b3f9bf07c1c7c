package histories_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var firstSeed = flag.Uint64("seed", 1, "the seed of the first random history; each has the next one")

// What a random history is.
const (
	histories  = 6
	operations = 250 // that were acknowledged, or may have happened; reads under a lease are not counted
	clients    = 16
	think      = 1000
	atOnce     = 6   // histories: mostly somebody waits for somebody
	share      = 0.15 // of all attempts at a call of DynamoDB that meet a fault
)

// TestRandomHistories has clients read, change and query resources, while they crash
// and are paused, have clocks of their own, and DynamoDB and the network fail them.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	worlds := make([]*world, histories)
	begun := make(chan struct{}, atOnce)
	for i := range worlds {
		seed := *firstSeed + uint64(i)
		skew := 500 * time.Millisecond
		if seed%8 == 0 { // more than evictions allow for
			skew = 2 * time.Second
		}
		w := newWorld(t, onDynamoDB(t), skew, endpoints)
		worlds[i] = w
		go func() {
			begun <- struct{}{}
			defer func() { <-begun }()
			defer close(w.over)
			w.run(seed, func() bool { return w.count("update")+w.count("query")+w.count("write") >= operations })
		}()
	}
	for i, w := range worlds {
		t.Run(fmt.Sprintf("seed %d", *firstSeed+uint64(i)), func(t *testing.T) {
			<-w.over
			w.requireRight(t)
		})
	}
}

// run lets the clients live until it is enough.
func (w *world) run(seed uint64, enough func() bool) {
	var all sync.WaitGroup
	begin := time.Now()
	defer func() { w.took = time.Since(begin) }()
	for id := range clients {
		c := &client{id: id, world: w, dice: newDice(seed, uint64(id))}
		all.Go(func() { c.live(enough) })
	}
	all.Wait()
	w.ground.settle()
}

// requireRight requires all that is promised of a history that is over.
func (w *world) requireRight(t *testing.T) {
	t.Helper()
	view, err := w.operator.leases.View(t.Context())
	require.NoError(t, err)
	requireExpiring(t, view, 5*time.Second+w.skew)
	// Somebody whose clock is far ahead need not wait for the dead.
	last := &client{id: clients, world: w, process: w.start(0, 0, time.Hour)}
	_, ok := last.query(20*time.Second, w.all()...)
	require.True(t, ok, "what is left blocks others")
	w.requireOrder(t)
	requireHolds(t, &w.history)
	t.Logf("%v, %d refused, %d leases, took %v, checked in %v", w.kinds, w.refused.Load(), len(w.grants), w.took, w.checked)
}

// live is what a client does: it dies now and then, and goes on as another process.
func (c *client) live(enough func() bool) {
	c.begin()
	for !enough() {
		sleep(c.ctx, c.dice.milliseconds(0, think)) // longer lines would only mean more polls
		switch n := c.dice.between(1, 100); {
		case n <= 50:
			c.update(true)
		case n <= 92:
			if c.dice.chance(0.05) {
				time.AfterFunc(c.dice.milliseconds(0, 50), c.die)
			}
			c.query(5*time.Second, some(c.dice, c.few(len(c.world.all())), c.world.all())...)
		default:
			c.update(false)
		}
		if c.dead.Load() {
			if c.dice.chance(0.85) { // the other ones are left to expire
				c.world.operator.breakLeases(c.name())
			}
			c.begin()
		}
	}
	c.die()
}

// few is how many of them somebody wants: one to three, and rather fewer.
func (c *client) few(of int) int {
	return min(of, c.dice.between(1, 3), c.dice.between(1, 3))
}

// begin begins a process.
func (c *client) begin() {
	skew := int(c.world.skew / time.Millisecond)
	c.process = c.world.start(share, uint64(c.dice.between(0, 1<<40)), c.dice.milliseconds(-skew, skew)/2)
	p := c.process
	p.stumble = func(ctx context.Context) {
		if c.dice.chance(0.04) {
			c.pause(ctx)
		}
	}
}

// pause pauses whoever holds the lease with the token; an operator may break it, so
// that others come to their turn meanwhile.
func (c *client) pause(ctx context.Context) {
	if c.dice.chance(0.6) {
		c.world.operator.breakLeases(c.name())
	}
	sleep(ctx, c.dice.milliseconds(100, 300))
}

// update writes what some endpoints serve, under a lease, and as a rule reads it
// before.
func (c *client) update(reading bool) {
	ttl, wait := c.dice.milliseconds(1000, 2000), 3*time.Second
	if c.dice.chance(0.15) {
		ttl = c.dice.milliseconds(100, 300)
	}
	if c.dice.chance(0.3) {
		wait = 0
	}
	all := slices.Sorted(maps.Keys(c.world.served))
	h, granted := c.acquire(some(c.dice, c.few(len(all)), all), ttl, wait)
	if !granted {
		return
	}
	defer func(p *process) { c.release(h) }(c.process)
	s := step{kind: "write", writes: map[int64]string{}}
	if reading {
		s.kind = "update"
		var ok bool
		if s.reads, ok = c.readAll(h); !ok {
			return
		}
	}
	for id := range c.world.writable(h.Endpoints) {
		s.writes[id] = c.world.value()
	}
	if c.dice.chance(0.2) && !c.renew(&h, ttl) {
		return
	}
	if c.dice.chance(0.2) {
		c.pause(c.ctx)
	}
	switch n := c.dice.between(1, 100); {
	case n <= 4:
		c.die()
		return
	case n <= 8:
		time.AfterFunc(c.dice.milliseconds(0, 20), c.die)
	}
	c.write(h, s)
}
