package sim

import (
	"context"
	"fmt"
	"time"

	"lockstep/shared/syncquery"
)

// Server is a server whose calls are counted, as oldapi.Client is.
type Server interface {
	syncquery.Server
	Calls() int64
	Locks() int64
}

// Hooks are told of a run while it is under way.
type Hooks struct {
	Progress func(done int) // after each query, by any goroutine; may be nil
	Trace    *Trace         // takes in what happens; may be nil. To be read when the run is over
}

// Simulate draws the workload from the server's registry, runs it and reports. It
// returns only when every lock is freed that can be, also when ctx ends early; then
// what was not answered counts as failed. Its error is one of the options or of
// the first look at the registry; failed queries are in the report.
func Simulate(ctx context.Context, server Server, o Options, hooks Hooks) (Report, []Sample, error) {
	if err := o.Validate(); err != nil {
		return Report{}, nil, err
	}
	client, began := newLive(server, o, hooks.Trace)
	registry, err := lookAt(ctx, client)
	if err != nil {
		return Report{}, nil, err
	}
	queries, err := o.Draw(registry.Served())
	if err != nil {
		return Report{}, nil, err
	}
	for _, e := range registry {
		hooks.Trace.place(e.Name) // so that they stand in its order
	}
	calls, locks := server.Calls(), server.Locks()
	began()
	samples, makespan := Run(ctx, client, queries, o, hooks.Progress)
	left := client.Close()
	report := Summarize(string(o.Strategy), samples, makespan, server.Calls()-calls, server.Locks()-locks, left)
	return report, samples, nil
}

// newLive returns a client whose doings go to the trace, counted from when began is called.
func newLive(server Server, o Options, trace *Trace) (client *syncquery.Client, began func()) {
	options := syncquery.Options{Alone: o.Alone, Without: o.Without}
	made := time.Now()
	var begin time.Duration
	if trace != nil {
		options.Observe = func(h syncquery.Happening) {
			h.At -= begin
			h.Query-- // from 0, in a trace
			trace.add(0, h.Reading-1, h)
		}
	}
	return syncquery.New(server, o.Strategy, options), func() { begin = time.Since(made) }
}

// firstLook is how long a run tries to see the registry, in which it finds its ids.
const firstLook = 10 * time.Second

func lookAt(ctx context.Context, client *syncquery.Client) (syncquery.Registry, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, firstLook, fmt.Errorf("no registry within %s", firstLook))
	defer cancel()
	return client.Registry(ctx)
}
