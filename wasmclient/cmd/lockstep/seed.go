package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"lockstep"
	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/oldapi"
)

type seedCommand struct {
	URL  string `placeholder:"URL" help:"A locks service to load a registry into, as in http://127.0.0.1:8081."`
	Name string `placeholder:"NAME" help:"How this client names itself to the locks service (X-Client); random by default."`
	signing
	Registry string `placeholder:"FILE" type:"existingfile" help:"The registry to load, as GET /registry answers it; the one of the bundle's testdata by default."`
	toySeed
}

// Validate is called by the parser, before anything runs.
func (c seedCommand) Validate() error {
	if c.URL == "" && !c.toysWanted() {
		return errors.New("missing flags: --url=URL")
	}
	if c.URL == "" {
		return c.validateToys()
	}
	_, err := oldapi.ParseBase(c.URL)
	return errors.Join(err, c.validateToys())
}

// Run implements the command.
func (c seedCommand) Run(ctx context.Context, s streams) error {
	if c.URL != "" {
		if err := c.loadRegistry(ctx, s); err != nil {
			return err
		}
	}
	return c.loadToys(ctx, c.signing, s)
}

func (c seedCommand) loadRegistry(ctx context.Context, s streams) error {
	registry, err := loadRegistry(c.Registry)
	if err != nil {
		return err
	}
	server, err := identity{Name: c.Name, signing: c.signing}.dial(ctx, c.URL, true)
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
