//go:build js && wasm

package main

import (
	"context"
	"time"

	"lockstep/shared/syncquery/leaseapi"
	"lockstep/shared/syncquery/overfetch"
	"lockstep/wasmclient/sim"
)

// frame is how often the events of a run against a server are passed on.
const frame = 16 * time.Millisecond

// atTheServer runs the queries against a server.
func atTheServer(ctx context.Context, o options, to listening) (any, error) {
	server := leaseapi.New(overfetch.New(o.base, o.name))
	hooks := sim.Hooks{Progress: to.progress}
	if to.events != nil {
		hooks.Trace = sim.NewTrace()
		defer to.events.batch(hooks.Trace) // what came since the last frame
		defer to.events.every(frame, hooks.Trace)()
	}
	report, _, err := sim.Simulate(ctx, server, o.sim(), hooks)
	if err != nil {
		return nil, ofOptions(err)
	}
	return reportOf(report), nil
}
