package sim

import (
	"slices"
	"strconv"
	"time"

	"lockstep/shared/syncquery"
)

// RandomWorld returns the options of a random world, the same for the same seed: any
// registry, 1 to 8 clients, 30 queries and more of each, an old server or ours, with and
// without faults and crashes. `make worlds` holds what must hold in ten thousand of them.
func RandomWorld(seed uint64) Options {
	c := newChance(seed, chanceOfWorlds)
	o := Options{
		Workload: Workload{Queries: c.from(30, 60), MaxResources: c.from(1, 8), Seed: seed},
		Strategy: syncquery.Group,
		Clients:  c.from(1, 8), Workers: c.from(1, 16), Timeout: 10 * time.Minute,
		World: WorldOptions{
			Registry: c.registry(), Ours: c.happens(0.15), KeepAlive: c.happens(0.5),
			ReadTime: time.Duration(c.from(1, 150)) * time.Millisecond, Latency: time.Duration(c.from(0, 5000)) * time.Microsecond,
		},
	}
	if c.happens(0.4) {
		o.Strategy = syncquery.Cover
	}
	if c.happens(0.2) {
		o.Rate = float64(c.from(5, 60))
	}
	if c.happens(0.2) {
		o.Unknown = 0.1
	}
	if c.happens(0.5) {
		o.World.ErrorRate, o.World.DropRate = 0.05, 0.01
	}
	if c.happens(0.1) {
		o.World.HangRate = 0.002
	}
	if c.happens(0.25) {
		o.World.Crash = 0.3
	}
	if c.happens(0.15) {
		o.World.Changes = c.from(1, 3)
	}
	if o.World.DropRate+o.World.HangRate+o.World.Crash > 0 { // locks may be left, and what needs them only waits
		o.Timeout = time.Duration(c.from(2, 20)) * time.Second
	}
	// Who says that it is alone frees what is in doubt; a call that comes when even that is
	// over nobody can know of.
	o.Alone = o.Clients == 1 && o.World.HangRate == 0 && c.happens(0.5)
	return o
}

// from draws a whole number, each from least to most equally likely.
func (c chance) from(least, most int) int { return least + c.IntN(most-least+1) }

// registry draws a registry in which every id has a home, some have one only, and some
// endpoints serve nothing.
func (c chance) registry() syncquery.Registry {
	registry := make(syncquery.Registry, c.from(1, 24))
	for i := range registry {
		registry[i].Name = "e" + strconv.Itoa(i)
	}
	for id := range c.from(1, 40) {
		for range c.from(1, 4) {
			e := &registry[c.IntN(len(registry))]
			if !slices.Contains(e.Resources, int64(id)) {
				e.Resources = append(e.Resources, int64(id))
			}
		}
	}
	c.Shuffle(len(registry), func(i, j int) { registry[i], registry[j] = registry[j], registry[i] })
	return registry
}
