//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"lockstep/wasmclient/toystore/load"
)

type toystoreLoad struct {
	ways
	Protocol  []string `default:"http" enum:"http,grpc,tcp" help:"How to talk, one after the other: ${enum}."`
	Operation []string `default:"query" enum:"query,buy" help:"What to ask for, one after the other: ${enum}."`
	Clients   []int    `default:"1,5,10" help:"How many clients at a time, one number after the other."`
	Requests  int      `default:"10" help:"How many requests each client makes, one after the other."`
	Toy       string   `default:"Tux" help:"The toy to ask for."`
	Plot      string   `placeholder:"SVG" type:"path" help:"Draw the mean latencies by number of clients into this file."`
	Verbose   bool     `help:"Print a line for each client, too."`
	JSON      bool     `name:"json" help:"Print the results as JSON; times are in seconds."`
}

// Help implements kong.HelpProvider.
func (toystoreLoad) Help() string {
	return "Each client has connections of its own; its first request includes connecting. Requests have the timeout each. " +
		"Nothing is repeated: what fails is counted, and makes the exit code 1. \"Out of stock\" is an answer."
}

func (c toystoreLoad) plan() load.Plan {
	plan := load.Plan{Protocols: c.Protocol, Clients: c.Clients, Requests: c.Requests, Toy: c.Toy, Timeout: c.Timeout}
	for _, operation := range c.Operation {
		plan.Operations = append(plan.Operations, load.Operation(operation))
	}
	return plan
}

// Validate is called by the parser, before anything runs.
func (c toystoreLoad) Validate() error {
	return errors.Join(c.check(c.Protocol...), c.plan().Validate())
}

// Run implements the command.
func (c toystoreLoad) Run(ctx context.Context, s streams) error {
	plan := c.plan()
	dial, err := c.dial(ctx)
	if err != nil {
		return err
	}
	plot, err := c.create() // before the run, which would be lost on a path that can't be written
	if err != nil {
		return err
	}
	bar := newProgress(s.err, plan.Total())
	var done atomic.Int64
	results, err := load.Run(ctx, plan, dial, func() { bar.show(int(done.Add(1))) })
	bar.clear()
	if err != nil {
		return errors.Join(err, plot.Close())
	}
	if err := errors.Join(load.WritePlot(plot, plan, results), plot.Close(), c.print(s.out, results)); err != nil {
		return err
	}
	failed := 0
	for _, r := range results {
		failed += r.Errors
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d requests failed", failed, plan.Total())
	}
	return nil
}

// create opens the file for the plot, or nothing where none is asked for.
func (c toystoreLoad) create() (io.WriteCloser, error) {
	if c.Plot == "" {
		return nowhere{io.Discard}, nil
	}
	return os.Create(c.Plot)
}

func (c toystoreLoad) print(w io.Writer, results []load.Result) error {
	if c.JSON {
		return printJSON(w, results)
	}
	return load.WriteTable(w, results, c.Verbose)
}
