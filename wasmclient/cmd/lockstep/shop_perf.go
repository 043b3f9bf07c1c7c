//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"lockstep/shared/sigv4"
	"lockstep/wasmclient/shop/perf"
)

type shopPerf struct {
	shopAddress
	Users    int           `default:"10" help:"How many users at a time."`
	Duration time.Duration `default:"60s" help:"For how long."`
	Timeout  time.Duration `default:"30s" help:"How long a request may take."`
	HTML     string        `name:"html" placeholder:"FILE" type:"path" help:"Write a page with the response times of each label over time into this file."`
	JSON     bool          `name:"json" help:"Print the result as JSON; times are in seconds."`
}

// Help implements kong.HelpProvider.
func (shopPerf) Help() string {
	return "Each user creates a product, gets it, orders one, gets the order, lists 100 orders and deletes the product, again and again. " +
		"Nothing is repeated: what fails is counted, and makes the exit code 1. The orders stay: orders can't be deleted. " +
		"The trend is how the mean changes over the whole duration, with its standard error; a label whose trend is above 10 %, and above three standard errors, is said to have become slower."
}

func (c shopPerf) plan() perf.Plan {
	return perf.Plan{Users: c.Users, Duration: c.Duration, Timeout: c.Timeout}
}

// Validate is called by the parser, before anything runs.
func (c shopPerf) Validate() error {
	return errors.Join(c.validate(c.Timeout), c.plan().Validate())
}

// Run implements the command.
func (c shopPerf) Run(ctx context.Context, s streams) error {
	client, err := c.dial(ctx, sigv4.RESTAPI)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	page, err := c.create() // before the run, which would be lost on a path that can't be written
	if err != nil {
		return err
	}
	bar := newProgress(s.err, 0)
	result := perf.Run(ctx, c.plan(), client, func(elapsed time.Duration, requests int) {
		bar.draw(int(elapsed), int(max(elapsed, c.Duration)), fmt.Sprintf("%s, %d requests", elapsed.Truncate(time.Second), requests))
	})
	bar.clear()
	if err := errors.Join(perf.WriteReport(page, c.URL, result), page.Close(), c.print(s.out, result)); err != nil {
		return err
	}
	if requests, failed := result.Requests(); failed > 0 {
		return fmt.Errorf("%d of %d requests failed", failed, requests)
	}
	return nil
}

// create opens the file for the page, or nothing where none is asked for.
func (c shopPerf) create() (io.WriteCloser, error) {
	if c.HTML == "" {
		return nowhere{io.Discard}, nil
	}
	return os.Create(c.HTML)
}

func (c shopPerf) print(w io.Writer, result *perf.Result) error {
	if c.JSON {
		return printJSON(w, result)
	}
	return perf.WriteTable(w, result)
}
