//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lockstep/shared/sigv4"
	shops "lockstep/wasmclient/shop"
	"lockstep/wasmclient/shop/smoke"
)

type shopSmoke struct {
	shopAddress
	Timeout time.Duration `default:"2m" help:"How long the whole may take."`
	JSON    bool          `name:"json" help:"Print an object of ok, the steps that went well, and the error."`
}

// Help implements kong.HelpProvider.
func (shopSmoke) Help() string {
	return "Each step is printed and checked; the first that fails makes the exit code 1. The product that it makes is deleted again. " +
		"The order that it makes stays: orders can't be deleted."
}

// Validate is called by the parser, before anything runs.
func (c shopSmoke) Validate() error { return c.validate(c.Timeout) }

// walked is what became of the steps, for machines.
type walked struct {
	OK    bool         `json:"ok"`
	Steps []walkedStep `json:"steps"` // those that went well
	Error string       `json:"error,omitempty"`
}

type walkedStep struct {
	Step string `json:"step"`
	Note string `json:"note,omitempty"`
}

// Run implements the command.
func (c shopSmoke) Run(ctx context.Context, s streams) error {
	client, err := c.dial(ctx, sigv4.RESTAPI)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := within(ctx, c.Timeout)
	defer cancel()
	said := walked{Steps: []walkedStep{}}
	err = smoke.Run(ctx, shops.Patient{Client: client}, func(number int, step, note string) {
		said.Steps = append(said.Steps, walkedStep{step, note})
		if c.JSON {
			return
		}
		if note != "" {
			note = " (" + note + ")"
		}
		_, _ = fmt.Fprintf(s.out, "%2d/%d  ok  %s%s\n", number, smoke.Steps(), step, note)
	})
	if !c.JSON {
		return err
	}
	if said.OK = err == nil; err != nil {
		said.Error = err.Error()
	}
	return errors.Join(printJSON(s.out, said), err)
}
