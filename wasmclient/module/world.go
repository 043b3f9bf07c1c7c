//go:build js && wasm

package main

import (
	"context"
	"time"

	"lockstep"
	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

// A world advances by pieces of about this length, between which an abort is heard and a
// page can do its own work.
const (
	piece  = 8 * time.Millisecond
	stride = 64 // events of the world between two looks at the clock
)

// inTheWorld runs the queries in a simulated world. An abort stops it where it is.
func inTheWorld(ctx context.Context, o options, to listening) (any, error) {
	registry, err := syncquery.ParseRegistry(lockstep.Registry)
	if err != nil {
		return nil, err
	}
	world, err := sim.NewWorld(o.inTheWorld(registry, to.events != nil))
	if err != nil {
		return nil, ofOptions(err)
	}
	turns := newTurns()
	defer turns.end()
	for more := true; more; {
		for begin := time.Now(); more && time.Since(begin) < piece; {
			more = world.Advance(stride)
		}
		to.tell(world)
		if turns.take(); ctx.Err() != nil {
			world.Stop()
			to.tell(world)
			break
		}
	}
	return reportOf(world.Report()), nil
}

func (o options) inTheWorld(registry syncquery.Registry, record bool) sim.Options {
	s := o.sim()
	s.Clients = int(o.clients)
	s.World = sim.WorldOptions{
		Registry: registry, Ours: o.server == "ours", ReadTime: milliseconds(o.readTimeMs), Latency: milliseconds(o.latencyMs),
		ErrorRate: o.errorRate, DropRate: o.dropRate, Crash: o.crash, Record: record,
	}
	return s
}

// tell tells the listeners how far a world is.
func (l *listening) tell(world *sim.World) {
	if done := world.Done(); l.progress != nil && done > l.told {
		l.told = done
		l.progress(done)
	}
	if l.events != nil {
		l.events.batch(world.Trace())
	}
}
