//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"lockstep/wasmclient/compute"
)

type quoteCommand struct {
	computeService
	asUser
	Protocol    string `required:"" enum:"tcp,udp" help:"How the service asks the quote server: ${enum}."`
	Concurrency int    `default:"1" help:"How many quotes, fetched at once: 1 to 8."`
	JSON        bool   `name:"json" help:"Print the object as the service answers it."`
}

// Validate is called by the parser, before anything runs.
func (c quoteCommand) Validate() error {
	if c.Concurrency < 1 || c.Concurrency > compute.MaxConcurrency {
		return fmt.Errorf("--concurrency must be 1 to %d, not %d", compute.MaxConcurrency, c.Concurrency)
	}
	return errors.Join(c.validate(), c.user().Check())
}

// Run implements the command. It prints quotes, one a line.
func (c quoteCommand) Run(ctx context.Context, s streams) error {
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := c.within(ctx)
	defer cancel()
	got, err := client.Quotes(ctx, c.user(), c.Protocol, c.Concurrency)
	switch {
	case err != nil:
		return c.advised(err)
	case c.JSON:
		return printObject(s.out, got.JSON)
	}
	for _, quote := range got.Quotes {
		if _, err := io.WriteString(s.out, oneLine(quote)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// oneLine is a text without line breaks, and without what controls a terminal.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, unicode.IsControl), " ")
}
