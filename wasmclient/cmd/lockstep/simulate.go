package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

type simulateCommand struct {
	URL string `placeholder:"URL" help:"Ask this server, as in http://127.0.0.1:8081, instead of simulating one."`
	identity

	Queries      int           `default:"1000" help:"How many queries; with --clients, of each."`
	Workers      int           `default:"100" help:"How many are asked at a time; with --clients, by each."`
	Rate         float64       `placeholder:"N" help:"Ask so many a second instead, whoever is still waiting."`
	MaxResources int           `default:"10" help:"A query names 0 to this many resources."`
	Unknown      float64       `default:"0" help:"The share of queries that also name a resource which nobody serves, 0 to 1."`
	Seed         uint64        `default:"1" help:"The same seed draws the same queries, and simulates the same world."`
	Strategy     string        `default:"group" enum:"${strategies}" help:"How to answer them: ${enum}."`
	Ladder       bool          `help:"Run every strategy, one after the other, and compare."`
	Timeout      time.Duration `default:"2m" help:"For each query."`
	Alone        bool          `help:"Nobody else uses the server: free endpoints whose answer was lost."`
	Without      string        `placeholder:"RULE" help:"Leave one of the rules out by which clients share an old server, to see what it is worth: ${rules}."`

	World worldFlags `embed:"" group:"The simulated world, without --url"`
	Files runFiles   `embed:""`
}

// Help implements kong.HelpProvider.
func (simulateCommand) Help() string {
	return "Without --url everything is simulated: the clients, the server, and the time, which costs none. The same seed then makes the same world, event by event, on every platform; the hash is over all events."
}

func (c simulateCommand) options() sim.Options {
	return sim.Options{
		Workload: sim.Workload{Queries: c.Queries, MaxResources: c.MaxResources, Unknown: c.Unknown, Seed: c.Seed},
		Strategy: syncquery.Strategy(c.Strategy), Workers: c.Workers, Rate: c.Rate, Timeout: c.Timeout, Alone: c.Alone,
		Without: syncquery.Rule(c.Without), Clients: c.World.Clients, World: c.World.options(),
	}
}

// Validate is called by the parser, before anything runs.
func (c simulateCommand) Validate() error {
	rule := syncquery.CheckRule(syncquery.Rule(c.Without))
	return errors.Join(validateURL(c.URL), rule, c.World.validate(c.URL, c.Ladder), c.Files.validate(c.Ladder), c.options().Validate())
}

// Run implements the command.
func (c simulateCommand) Run(ctx context.Context, s streams) error {
	files, err := c.Files.create() // before the run, which would be lost on a path that can't be written
	if err != nil {
		return err
	}
	var reports []sim.Report
	for _, strategy := range c.strategies() {
		r, err := c.one(ctx, s, strategy)
		if err != nil { // what came before it is worth something
			return errors.Join(err, files.close(), c.Files.print(s.out, reports))
		}
		reports = append(reports, r.report)
		if err := files.write(r); err != nil {
			return errors.Join(err, files.close())
		}
	}
	if err := errors.Join(files.close(), c.Files.print(s.out, reports)); err != nil {
		return err
	}
	return failures(reports)
}

func (c simulateCommand) strategies() []syncquery.Strategy {
	if c.Ladder {
		return syncquery.Strategies()
	}
	if c.World.Replay != nil {
		return []syncquery.Strategy{""} // the world's own
	}
	return []syncquery.Strategy{syncquery.Strategy(c.Strategy)}
}

// ran is a run that came to its end.
type ran struct {
	report  sim.Report
	samples []sim.Sample
	trace   *sim.Trace
}

func (c simulateCommand) one(ctx context.Context, s streams, strategy syncquery.Strategy) (ran, error) {
	options := c.options()
	options.Strategy = strategy
	options.World.Record = c.Files.wantTrace()
	if c.URL == "" {
		return c.World.run(ctx, s, options)
	}
	return c.live(ctx, s, options)
}

// live asks a real server.
func (c simulateCommand) live(ctx context.Context, s streams, options sim.Options) (ran, error) {
	server, err := c.dial(ctx, c.URL, options.Strategy != syncquery.Serial)
	if err != nil {
		return ran{}, err
	}
	hooks := sim.Hooks{}
	if options.World.Record {
		hooks.Trace = sim.NewTrace()
	}
	bar := newProgress(s.err, c.Queries)
	hooks.Progress = bar.show
	report, samples, err := sim.Simulate(ctx, server, options, hooks)
	bar.clear()
	return ran{report, samples, hooks.Trace}, err
}

// failures is the error of runs in which queries failed.
func failures(reports []sim.Report) error {
	failed, queries := 0, 0
	for _, r := range reports {
		failed, queries = failed+r.Failed, queries+r.Queries
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d queries failed", failed, queries)
	}
	return nil
}
