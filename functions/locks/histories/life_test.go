package histories_test

import (
	"context"
	"sync"
	"time"

	"lockstep/shared/lease"
)

// What a history has.
const (
	clients = 16
	think   = 2000 // milliseconds up to which a client rests: longer lines would be more polls, and no more histories
)

// habits are what clients do.
type habits struct {
	updates, queries int           // of a hundred things that they do; the rest are blind writes
	few              func(int) int // how many of so many endpoints or resources they want
	// change returns what to write where that was read.
	change func(reads map[int64]string) (writes map[int64]string)
}

// live is a history: clients live until it has so many operations.
func (w *world) live(seed uint64, h habits, operations int) {
	var all sync.WaitGroup
	for id := range clients {
		c := &client{world: w, id: id, dice: newDice(seed, uint64(id))}
		all.Go(func() {
			c.begin()
			for w.length() < operations {
				sleep(c.ctx, c.dice.milliseconds(0, think))
				c.act(h)
			}
			c.die()
		})
	}
	all.Wait()
	w.end()
}

// begin begins a process.
func (c *client) begin() {
	skew := int(c.world.skew.Milliseconds())
	p := c.world.start(c.world.ground.site(c.dice), c.dice.milliseconds(-skew, skew))
	p.stumble = func(ctx context.Context) {
		if c.dice.chance(0.04) {
			c.pause(ctx)
		}
	}
	c.process = p
}

// act does something. If the process dies of it, the client goes on with another one.
func (c *client) act(h habits) {
	switch n := c.dice.between(1, 100); {
	case n <= h.updates:
		c.update(h)
	case n <= h.updates+h.queries:
		if c.dice.chance(0.05) {
			time.AfterFunc(c.dice.milliseconds(0, 50), c.die)
		}
		ids := c.world.resources()
		c.query(5*time.Second, some(c.dice, h.few(len(ids)), ids)...)
	default:
		c.overwrite(h)
	}
	if c.dead.Load() {
		if c.dice.chance(0.8) { // others have to wait until it expires
			c.world.operator.breakLeases(c.name())
		}
		c.begin()
	}
}

// pause pauses a holder. An operator may break its lease, so that others come to their
// turn meanwhile.
func (c *client) pause(ctx context.Context) {
	if c.dice.chance(0.6) {
		c.world.operator.breakLeases(c.name())
	}
	sleep(ctx, c.dice.milliseconds(100, 300))
}

// lease acquires what some endpoints serve, now and then for a shorter time than a
// pause takes.
func (c *client) lease(h habits) (held, bool) {
	ttl, wait, secret := c.dice.milliseconds(1000, 2000), 3*time.Second, ""
	if c.dice.chance(0.15) {
		ttl = c.dice.milliseconds(100, 300)
	}
	if c.dice.chance(0.3) {
		wait = 0
	}
	if c.dice.chance(0.3) {
		secret = lease.NewSecret()
	}
	names := c.world.endpoints()
	l, granted := c.acquire(secret, some(c.dice, h.few(len(names)), names), ttl, wait)
	if granted && c.dice.chance(0.2) {
		granted = c.renew(&l, ttl)
	}
	return l, granted
}

// update reads resources, pauses perhaps, and writes them.
func (c *client) update(h habits) {
	l, granted := c.lease(h)
	if !granted {
		return
	}
	defer c.release(l)
	reads, ok := c.readAll(l)
	if !ok {
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
	c.write(l, step{update, reads, h.change(reads)})
}

// overwrite writes resources without having read them.
func (c *client) overwrite(h habits) {
	l, granted := c.lease(h)
	if !granted {
		return
	}
	defer c.release(l)
	nothing := map[int64]string{}
	for id := range c.world.writable(l.Endpoints) {
		nothing[id] = ""
	}
	c.write(l, step{kind: write, writes: h.change(nothing)})
}

// sleep pauses, while the context lasts.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
