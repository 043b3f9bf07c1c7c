//go:build !js

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lockstep/shared/sigv4"
	shops "lockstep/wasmclient/shop"
)

type shopOrder struct {
	Add    shopOrderAdd    `cmd:"" help:"Create an order, and take its stock."`
	Get    shopOrderGet    `cmd:"" help:"Read an order, with its products as they are now."`
	Ls     shopOrderLs     `cmd:"" help:"List orders, the oldest first."`
	Export shopOrderExport `cmd:"" help:"Print every order, each as a line of JSON."`
}

type shopOrderGet struct {
	shopCall
	ID   int64 `arg:"" help:"The order's id."`
	JSON bool  `name:"json" help:"Print the order as JSON."`
}

// Help implements kong.HelpProvider.
func (shopOrderGet) Help() string { return shopExitCodes }

// Validate is called by the parser, before anything runs.
func (c shopOrderGet) Validate() error {
	if c.ID < 1 || c.ID > shops.MaxNumber {
		return fmt.Errorf("an order's id is 1 to 2^53-1, not %d", c.ID)
	}
	return c.shopCall.Validate()
}

// Run implements the command.
func (c shopOrderGet) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(ctx context.Context, client shops.Client) error {
		o, err := client.Order(ctx, c.ID)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(s.out, o)
		}
		return columns(s.out, "LINE\tPRODUCT\tQUANTITY\tPRICE\tTITLE\tSTOCK", func(line func(string, ...any)) {
			for _, l := range o.Lines {
				title, stock := "(deleted)", "-"
				if l.Now != nil {
					title, stock = l.Now.Title, fmt.Sprint(l.Now.Stock)
				}
				line("%d\t%s\t%d\t%s\t%s\t%s", l.ID, l.Product, l.Quantity, l.Price, title, stock)
			}
		})
	})
}

type shopOrderLs struct {
	shopList
	JSON bool `name:"json" help:"Print an array of orders."`
}

// Run implements the command.
func (c shopOrderLs) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(ctx context.Context, client shops.Client) error {
		orders, err := some(ctx, c.Limit, client.Orders)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(s.out, orders)
		}
		return columns(s.out, "ORDER\tLINE\tPRODUCT\tQUANTITY\tPRICE", func(line func(string, ...any)) {
			for _, o := range orders {
				for _, l := range o.Lines {
					line("%d\t%d\t%s\t%d\t%s", o.ID, l.ID, l.Product, l.Quantity, l.Price)
				}
			}
		})
	})
}

type shopOrderExport struct {
	shopAddress
	Timeout time.Duration `default:"15m" help:"How long it may take."`
}

// Help implements kong.HelpProvider.
func (shopOrderExport) Help() string {
	return "Of a stack the export has a Function URL of its own, which --url must name."
}

// Validate is called by the parser, before anything runs.
func (c shopOrderExport) Validate() error { return c.validate(c.Timeout) }

// Run implements the command.
func (c shopOrderExport) Run(ctx context.Context, s streams) error {
	client, err := c.dial(ctx, sigv4.FunctionURL)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := within(ctx, c.Timeout)
	defer cancel()
	lines, count := json.NewEncoder(s.out), 0
	err = client.Export(ctx, func(o shops.Order) error {
		count++
		return lines.Encode(o)
	})
	if failed := new(shops.Error); errors.As(err, &failed) && count > 0 {
		return fmt.Errorf("%w; these are the first %d orders, not all", err, count)
	}
	return err
}
