package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lockstep/shared/syncquery"
)

type queryCommand struct {
	target
	Timeout time.Duration `default:"30s" help:"How long to try."`
	IDs     []int64       `arg:"" name:"id" help:"The resources to read."`
}

// Run implements the command. It prints the states as one JSON object by id.
func (c queryCommand) Run(ctx context.Context, s streams) error {
	server, err := c.server(ctx, true)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("not answered within %s", c.Timeout))
	defer cancel()
	client := syncquery.New(server, syncquery.Group, syncquery.Options{})
	states, err := client.Query(ctx, c.IDs...)
	if left := client.Close(); len(left) > 0 {
		_, _ = fmt.Fprintln(s.err, syncquery.InDoubt(left))
	}
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(s.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(states)
}
