package main

import (
	"context"
	"fmt"
	"os"

	"lockstep"
	"lockstep/shared/syncquery"
)

type seedCommand struct {
	target
	Registry string `placeholder:"FILE" type:"existingfile" help:"The registry to load, as GET /registry answers it; the one of the bundle's testdata by default."`
}

// Run implements the command.
func (c seedCommand) Run(ctx context.Context, s streams) error {
	registry, err := loadRegistry(c.Registry)
	if err != nil {
		return err
	}
	server, err := c.server(ctx, true)
	if err != nil {
		return err
	}
	for _, e := range registry {
		if err := server.PutEndpoint(ctx, e.Name, e.Resources); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(s.out, "loaded %d endpoints with %d resources\n", len(registry), len(registry.Served()))
	return err
}

// loadRegistry reads the registry in the file, or the bundle's own without one.
func loadRegistry(path string) (syncquery.Registry, error) {
	if path == "" {
		return syncquery.ParseRegistry(lockstep.Registry)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return syncquery.ParseRegistry(data)
}
