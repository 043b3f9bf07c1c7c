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

// Simulate draws the workload from the server's registry, runs it and reports. It
// returns only when every lock is freed that can be, also when ctx ends early; then
// what was not answered counts as failed. Its error is one of the options or of
// the first look at the registry; failed queries are in the report.
func Simulate(ctx context.Context, server Server, o Options, progress func(done int)) (Report, []Sample, error) {
	if err := o.Validate(); err != nil {
		return Report{}, nil, err
	}
	client := syncquery.New(server, o.Strategy, syncquery.Options{Alone: o.Alone})
	registry, err := lookAt(ctx, client)
	if err != nil {
		return Report{}, nil, err
	}
	queries, err := o.Draw(registry.Served())
	if err != nil {
		return Report{}, nil, err
	}
	calls, locks := server.Calls(), server.Locks()
	samples, makespan := Run(ctx, client, queries, o.Workers, o.Timeout, progress)
	left := client.Close()
	report := Summarize(string(o.Strategy), samples, makespan, server.Calls()-calls, server.Locks()-locks, left)
	return report, samples, nil
}

// firstLook is how long a run tries to see the registry, in which it finds its ids.
const firstLook = 10 * time.Second

func lookAt(ctx context.Context, client *syncquery.Client) (syncquery.Registry, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, firstLook, fmt.Errorf("no registry within %s", firstLook))
	defer cancel()
	return client.Registry(ctx)
}
