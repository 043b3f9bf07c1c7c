//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"lockstep"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/wasmclient/toystore"
)

// toySeed is what seed can load besides, where there is net/http.
type toySeed struct {
	Toystore string `placeholder:"URL" help:"A toy store to load toys into, as in http://127.0.0.1:8082. Toys that it has already stay as they are."`
	Toys     string `placeholder:"FILE" type:"existingfile" help:"The toys to load, a JSON array of name, price and stock; those of the bundle's testdata by default."`
}

// How toys are loaded.
const (
	seedAtATime = 8
	seedTimeout = 30 * time.Second // for each toy
)

func (c toySeed) toysWanted() bool { return c.Toystore != "" }

func (c toySeed) validateToys() error {
	if !c.toysWanted() {
		if c.Toys != "" {
			return errors.New("--toys needs --toystore")
		}
		return nil
	}
	_, err := oldapi.ParseBase(c.Toystore)
	return err
}

// loadToys loads the toys that the store does not have. To set those that it has would
// bring back what was sold.
func (c toySeed) loadToys(ctx context.Context, s signing, to streams) error {
	if !c.toysWanted() {
		return nil
	}
	toys, err := c.toys()
	if err != nil {
		return err
	}
	dial, err := store{URL: c.Toystore, signing: s}.http(ctx)
	if err != nil {
		return err
	}
	client := dial()
	defer func() { _ = client.Close() }()
	var loaded atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(seedAtATime)
	for _, toy := range toys {
		group.Go(func() error {
			ctx, cancel := context.WithTimeoutCause(ctx, seedTimeout, fmt.Errorf("not answered within %s", seedTimeout))
			defer cancel()
			_, err := toystore.Patient{Client: client}.Query(ctx, toy.Name)
			if !errors.Is(err, toystore.ErrNoSuchToy) {
				return err
			}
			loaded.Add(1)
			return client.Put(ctx, toy)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(to.out, "loaded %d toys, %d were there already\n", loaded.Load(), int64(len(toys))-loaded.Load())
	return err
}

// toys reads the toys in the file, or the bundle's own without one.
func (c toySeed) toys() ([]toystore.Toy, error) {
	if c.Toys == "" {
		return toystore.ParseCatalogue(lockstep.Toys)
	}
	data, err := os.ReadFile(c.Toys)
	if err != nil {
		return nil, err
	}
	return toystore.ParseCatalogue(data)
}
