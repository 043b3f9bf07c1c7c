//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"

	"lockstep/wasmclient/toystore"
)

type toystoreList struct {
	store
	Limit int  `placeholder:"N" help:"At most so many; all by default."`
	JSON  bool `name:"json" help:"Print an array of name, price and stock."`
}

// Validate is called by the parser, before anything runs.
func (c toystoreList) Validate() error {
	if c.Limit < 0 {
		return errors.New("--limit must not be negative")
	}
	return c.validate()
}

// Run implements the command.
func (c toystoreList) Run(ctx context.Context, s streams) error {
	dial, err := c.http(ctx)
	if err != nil {
		return err
	}
	client := dial()
	defer func() { _ = client.Close() }()
	ctx, cancel := c.within(ctx)
	defer cancel()
	toys, err := client.List(ctx, c.Limit)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(s.out, toys)
	}
	offers := make([]offer, len(toys))
	for i, toy := range toys {
		offers[i] = offerOf(toy.Name, toy, true)
	}
	return writeOffers(s.out, offers)
}

type toystorePut struct {
	store
	Price string `required:"" help:"The price of one, such as 25.99."`
	Stock int64  `required:"" help:"How many there are from now on, whatever was sold meanwhile."`
	Name  string `arg:"" help:"The toy."`
}

func (c toystorePut) toy() (toystore.Toy, error) {
	price, err := toystore.ParsePrice(c.Price)
	if err != nil {
		return toystore.Toy{}, err
	}
	toy := toystore.Toy{Name: c.Name, Price: price, Stock: c.Stock}
	return toy, toy.Check()
}

// Validate is called by the parser, before anything runs.
func (c toystorePut) Validate() error {
	if c.Price == "" {
		return nil // the parser will say that the flag is missing
	}
	_, err := c.toy()
	return errors.Join(err, c.validate())
}

// Run implements the command. It is not repeated: a repeat would bring back what was
// sold since the first.
func (c toystorePut) Run(ctx context.Context, s streams) error {
	toy, err := c.toy()
	if err != nil {
		return err
	}
	dial, err := c.http(ctx)
	if err != nil {
		return err
	}
	client := dial()
	defer func() { _ = client.Close() }()
	ctx, cancel := c.within(ctx)
	defer cancel()
	if err := client.Put(ctx, toy); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s: price %s, stock %d\n", toy.Name, toystore.FormatPrice(toy.Price), toy.Stock)
	return err
}
