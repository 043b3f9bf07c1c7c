package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"lockstep/wasmclient/compute"
	"lockstep/wasmclient/compute/plot"
)

type piCommand struct {
	Simulations count  `placeholder:"N" help:"How many simulations, such as 1000000 or 1e6: 100 to 10^8 by one request, to 10^15 with --local or --cluster."`
	Concurrency *int   `placeholder:"C" help:"Into how many parts the work is divided: 1 to 8, 1 by default; with --local as many as there are cores by default."`
	Seed        *int64 `placeholder:"S" help:"The same seed gives the same pi, wherever it is estimated; random by default."`
	JSON        bool   `name:"json" help:"Print the object as the service answers it."`
	Plot        string `placeholder:"SVG" type:"path" help:"Draw the error by number of simulations into this file, with --local or --cluster."`
	piLocal
	piService
}

// Help implements kong.HelpProvider.
func (piCommand) Help() string {
	return "A service has pi estimated by one request; with --cluster in shards, on as many machines as it has, which this follows. " +
		"With --local it is estimated in this process. An interrupt ends what is done here; a cluster's run goes on."
}

// Validate is called by the parser, before anything runs.
func (c piCommand) Validate() error {
	if c.Seed != nil && (*c.Seed < 0 || *c.Seed > compute.MaxSeed) {
		return fmt.Errorf("--seed must be 0 to 2^53-1, not %d", *c.Seed)
	}
	if c.Local {
		return errors.Join(c.foreign(), c.validateLocal())
	}
	if c.Variant != "" || c.Cores != nil {
		return errors.New("--variant and --cores are for --local")
	}
	return c.validateService()
}

// upTo says whether the simulations are at most so many.
func (c piCommand) upTo(most int64, more string) error {
	if c.Simulations == 0 {
		return errors.New("missing flags: --simulations=N")
	}
	if n := int64(c.Simulations); n < compute.MinSimulations || n > most {
		return fmt.Errorf("--simulations must be %d to %s%s, not %s", compute.MinSimulations, compute.Grouped(most), more, compute.Grouped(n))
	}
	return nil
}

// Run implements the command.
func (c piCommand) Run(ctx context.Context, s streams) error {
	if c.Local {
		return c.here(ctx, s)
	}
	return c.ask(ctx, s)
}

// create opens the file for the plot, or nothing where none is asked for.
func (c piCommand) create() (io.WriteCloser, error) {
	if c.Plot == "" {
		return nowhere{io.Discard}, nil
	}
	return os.Create(c.Plot)
}

// draw draws the plot, also of what was estimated before an error, and closes its file.
func (c piCommand) draw(file io.WriteCloser, points []compute.Point) error {
	if c.Plot == "" || len(points) == 0 {
		return file.Close()
	}
	return errors.Join(plot.Write(file, points), file.Close())
}

func (c piCommand) print(out io.Writer, answer compute.Answer) error {
	if c.JSON {
		return printObject(out, answer.JSON)
	}
	return answer.WriteText(out)
}

// printObject prints an object as somebody else wrote it.
func printObject(out io.Writer, object json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, object, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(out)
	return err
}

// estimate is an estimate so far, beside a bar.
func estimate(p compute.Point) string { return fmt.Sprintf("pi %.7f ±%.1e", p.Pi, p.StandardError) }

// or is what is given, or else something.
func or[T any](given *T, otherwise T) T {
	if given == nil {
		return otherwise
	}
	return *given
}

// from1 says whether a flag, if it is given, is at least 1 and at most so many.
func from1(flag string, given *int, most int) error {
	if n := or(given, 1); n < 1 || n > most {
		return fmt.Errorf("%s must be 1 to %d, not %d", flag, most, n)
	}
	return nil
}
