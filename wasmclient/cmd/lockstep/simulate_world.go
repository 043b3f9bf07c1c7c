package main

import (
	"context"
	"errors"
	"time"

	"lockstep/wasmclient/sim"
)

// worldFlags describe a simulated world.
type worldFlags struct {
	Clients   int           `default:"1" help:"How many clients there are beside each other, each with its own workers."`
	Server    string        `default:"old" enum:"old,ours" help:"What server it has: an old one, or ours with leases."`
	ReadTime  time.Duration `default:"100ms" help:"How long reading a resource takes."`
	Latency   time.Duration `default:"1ms" help:"How long the server takes for any call on top."`
	KeepAlive bool          `help:"The old server lets connections live."`
	ErrorRate float64       `help:"The share of calls answered 500 before the effect, 0 to 1."`
	DropRate  float64       `help:"The share of calls whose answer is lost after the effect, 0 to 1."`
	HangRate  float64       `help:"The share of calls that get no answer, and their effect much later, 0 to 1."`
	Crash     float64       `help:"The share of clients that crash in the middle, 0 to 1."`
	Registry  string        `placeholder:"FILE" type:"existingfile" help:"The registry; the one of the bundle's testdata by default."`
	Replay    *uint64       `placeholder:"SEED" help:"Run the random world of this seed again, as make worlds does; of the other flags only --without matters then."`
}

func (f worldFlags) options() sim.WorldOptions {
	return sim.WorldOptions{
		Ours: f.Server == "ours", ReadTime: f.ReadTime, Latency: f.Latency, KeepAlive: f.KeepAlive,
		ErrorRate: f.ErrorRate, DropRate: f.DropRate, HangRate: f.HangRate, Crash: f.Crash,
	}
}

// validate says what can't be with a real server.
func (f worldFlags) validate(url string, ladder bool) error {
	switch {
	case url == "" && f.Replay != nil && ladder:
		return errors.New("ladder can't be with replay: a random world has its own strategy")
	case url == "":
		return nil
	case f != (worldFlags{Clients: f.Clients, Replay: f.Replay, Server: "old", ReadTime: 100 * time.Millisecond, Latency: time.Millisecond}):
		return errors.New("server, read-time, latency, keep-alive, the rates, crash and registry are of a simulated world: give no --url")
	case f.Clients != 1:
		return errors.New("clients must be 1 with --url: start several processes instead")
	case f.Replay != nil:
		return errors.New("replay is of a simulated world: give no --url")
	}
	return nil
}

// steps is how many events pass between looks at the signals and at the progress bar.
const steps = 4096

// run simulates a world to its end, or until ctx ends.
func (f worldFlags) run(ctx context.Context, s streams, options sim.Options) (ran, error) {
	registry, err := loadRegistry(f.Registry)
	if err != nil {
		return ran{}, err
	}
	options.World.Registry = registry
	if f.Replay != nil {
		record, without := options.World.Record, options.Without
		options = sim.RandomWorld(*f.Replay)
		options.World.Record, options.Without = record, without
	}
	world, err := sim.NewWorld(options)
	if err != nil {
		return ran{}, err
	}
	bar := newProgress(s.err, world.Total())
	for world.Advance(steps) {
		bar.show(world.Done())
		if ctx.Err() != nil {
			world.Stop()
		}
		yield()
	}
	bar.clear()
	return ran{world.Report(), world.Samples(), world.Trace()}, nil
}
