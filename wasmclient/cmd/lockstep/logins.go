//go:build !js

package main

import (
	"context"
	"encoding/json"
)

type loginsCommand struct {
	computeService
}

// Help implements kong.HelpProvider.
func (loginsCommand) Help() string {
	return "`lockstep logins > login_stat.json` writes the file that a service in one process reads at its start."
}

// Validate is called by the parser, before anything runs.
func (c loginsCommand) Validate() error { return c.validate() }

// Run implements the command. It prints one object, sorted by user.
func (c loginsCommand) Run(ctx context.Context, s streams) error {
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := c.within(ctx)
	defer cancel()
	logins, err := client.Logins(ctx)
	if err != nil {
		return c.advised(err)
	}
	return json.NewEncoder(s.out).Encode(logins)
}
