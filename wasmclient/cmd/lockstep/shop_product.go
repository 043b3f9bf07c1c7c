//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"

	shops "lockstep/wasmclient/shop"
)

type shopProduct struct {
	Add shopProductAdd `cmd:"" help:"Create a product, or replace the one of that id."`
	Get shopProductGet `cmd:"" help:"Read a product."`
	Rm  shopProductRm  `cmd:"" help:"Delete a product. Orders of it stay."`
	Ls  shopProductLs  `cmd:"" help:"List products."`
}

type shopProductAdd struct {
	shopCall
	ID                string `arg:"" help:"The product's id: 1 to 200 bytes without a slash."`
	Title             string `required:"" help:"What it is called."`
	PassengerCapacity int64  `required:"" placeholder:"N" help:"How many passengers it takes."`
	MaximumSpeed      int64  `required:"" placeholder:"N" help:"How fast it is at most."`
	InStock           int64  `required:"" placeholder:"N" help:"How many there are."`
	JSON              bool   `name:"json" help:"Print the product as JSON."`
}

// Validate is called by the parser, before anything runs.
func (c shopProductAdd) Validate() error {
	return errors.Join(c.product().Check(), c.shopCall.Validate())
}

func (c shopProductAdd) product() shops.Product {
	return shops.Product{ID: c.ID, Title: c.Title, Capacity: c.PassengerCapacity, Speed: c.MaximumSpeed, Stock: c.InStock}
}

// Run implements the command.
func (c shopProductAdd) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(ctx context.Context, client shops.Client) error {
		err := client.CreateProduct(ctx, c.product())
		if failed := new(shops.Error); errors.As(err, &failed) && failed.InDoubt {
			return fmt.Errorf("%w; it may have been created all the same", err)
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, c.product())
		}
		_, err = fmt.Fprintf(s.out, "created product %s\n", c.ID)
		return err
	})
}

type shopProductGet struct {
	shopCall
	ID   string `arg:"" help:"The product's id."`
	JSON bool   `name:"json" help:"Print the product as JSON."`
}

// Help implements kong.HelpProvider.
func (shopProductGet) Help() string { return shopExitCodes }

// Validate is called by the parser, before anything runs.
func (c shopProductGet) Validate() error {
	return errors.Join(shops.CheckID(c.ID), c.shopCall.Validate())
}

// Run implements the command.
func (c shopProductGet) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(ctx context.Context, client shops.Client) error {
		p, err := client.Product(ctx, c.ID)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(s.out, p)
		}
		return writeProducts(s, []shops.Product{p})
	})
}

type shopProductRm struct {
	shopCall
	ID string `arg:"" help:"The product's id."`
}

// Help implements kong.HelpProvider.
func (shopProductRm) Help() string { return shopExitCodes }

// Validate is called by the parser, before anything runs.
func (c shopProductRm) Validate() error {
	return errors.Join(shops.CheckID(c.ID), c.shopCall.Validate())
}

// Run implements the command.
func (c shopProductRm) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(ctx context.Context, client shops.Client) error {
		if err := client.DeleteProduct(ctx, c.ID); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "deleted product %s\n", c.ID)
		return err
	})
}

type shopProductLs struct {
	shopList
	JSON bool `name:"json" help:"Print an array of products."`
}

// Run implements the command.
func (c shopProductLs) Run(ctx context.Context, s streams) error {
	return c.with(ctx, func(ctx context.Context, client shops.Client) error {
		products, err := some(ctx, c.Limit, client.Products)
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(s.out, products)
		}
		return writeProducts(s, products)
	})
}

func writeProducts(s streams, products []shops.Product) error {
	return columns(s.out, "ID\tTITLE\tPASSENGERS\tSPEED\tSTOCK", func(line func(string, ...any)) {
		for _, p := range products {
			line("%s\t%s\t%d\t%d\t%d", p.ID, p.Title, p.Capacity, p.Speed, p.Stock)
		}
	})
}
