package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/leaseapi"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/wasmclient/sim"
)

// target is the server that a command talks to.
type target struct {
	URL  string `required:"" placeholder:"URL" help:"Where the server is, as in http://127.0.0.1:8081."`
	Name string `placeholder:"NAME" help:"How this client names itself to the server (X-Client); random by default."`
	signing
}

// Validate is called by the parser, before anything runs.
func (t target) Validate() error {
	if t.URL == "" {
		return nil // the parser will say that the flag is missing
	}
	_, err := oldapi.ParseBase(t.URL)
	return err
}

// server returns a client of the target.
func (t target) server(ctx context.Context, pooled bool) (leaseapi.Client, error) {
	base, err := oldapi.ParseBase(t.URL)
	if err != nil {
		return leaseapi.Client{}, err
	}
	transport, err := t.transport(ctx, base, pooled)
	if err != nil {
		return leaseapi.Client{}, err
	}
	return leaseapi.New(transport), nil
}

type simulateCommand struct {
	target
	Queries      int           `default:"1000" help:"How many queries."`
	Workers      int           `default:"100" help:"How many are asked at a time."`
	MaxResources int           `default:"10" help:"A query names 0 to this many resources."`
	Unknown      float64       `default:"0" help:"The share of queries that also name a resource which nobody serves, 0 to 1."`
	Seed         uint64        `default:"1" help:"The same seed draws the same queries."`
	Strategy     string        `default:"group" enum:"${strategies}" help:"How to answer them: ${enum}."`
	Timeout      time.Duration `default:"2m" help:"For each query."`
	Alone        bool          `help:"Nobody else uses the server: free endpoints whose answer was lost."`
	JSON         bool          `name:"json" help:"Print the report as JSON."`
	Out          string        `placeholder:"CSV" type:"path" help:"Write a row a query to this file."`
}

func (c simulateCommand) options() sim.Options {
	return sim.Options{
		Workload: sim.Workload{Queries: c.Queries, MaxResources: c.MaxResources, Unknown: c.Unknown, Seed: c.Seed},
		Strategy: syncquery.Strategy(c.Strategy), Workers: c.Workers, Timeout: c.Timeout, Alone: c.Alone,
	}
}

// Validate is called by the parser, before anything runs.
func (c simulateCommand) Validate() error {
	return errors.Join(c.target.Validate(), c.options().Validate())
}

// Run implements the command.
func (c simulateCommand) Run(ctx context.Context, s streams) error {
	options := c.options()
	server, err := c.server(ctx, options.Strategy != syncquery.Serial)
	if err != nil {
		return err
	}
	rows, err := c.create() // before the run, which would be lost on a path that can't be written
	if err != nil {
		return err
	}
	bar := newProgress(s.err, c.Queries)
	report, samples, err := sim.Simulate(ctx, server, options, bar.show)
	bar.clear()
	if err != nil {
		return errors.Join(err, rows.Close())
	}
	if err := errors.Join(sim.WriteCSV(rows, samples), rows.Close(), c.print(s.out, report)); err != nil {
		return err
	}
	if report.Failed > 0 {
		return fmt.Errorf("%d of %d queries failed", report.Failed, report.Queries)
	}
	return nil
}

// create opens the file for the rows, or nothing where none is asked for.
func (c simulateCommand) create() (io.WriteCloser, error) {
	if c.Out == "" {
		return nowhere{io.Discard}, nil
	}
	return os.Create(c.Out)
}

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }

func (c simulateCommand) print(w io.Writer, report sim.Report) error {
	if !c.JSON {
		return report.WriteTable(w)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}
