//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"lockstep/wasmclient/toystore"
)

type toystoreQuery struct {
	way
	JSON  bool     `name:"json" help:"Print an array of name, status (in_stock, out_of_stock, no_such_toy), price and stock."`
	Names []string `arg:"" name:"name" help:"The toys."`
}

// Help implements kong.HelpProvider.
func (toystoreQuery) Help() string {
	return "Over tcp the store tells no stock, and no price of what is out of stock.\n\n" +
		exitCodes + " Of several toys, the highest."
}

// Validate is called by the parser, before anything runs.
func (c toystoreQuery) Validate() error {
	for _, name := range c.Names {
		if err := toystore.CheckName(name); err != nil {
			return err
		}
	}
	return c.way.Validate()
}

// offer is what the store answers of a toy, as people and machines read it.
type offer struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Price  string `json:"price,omitempty"`
	Stock  *int64 `json:"stock,omitempty"`
}

// What the status of an offer is.
const (
	inStock    = "in_stock"
	outOfStock = "out_of_stock"
	noSuchToy  = "no_such_toy"
)

// Run implements the command.
func (c toystoreQuery) Run(ctx context.Context, s streams) error {
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := c.within(ctx)
	defer cancel()
	var offers []offer
	for _, name := range c.Names {
		toy, err := client.Query(ctx, name)
		if err != nil && !errors.Is(err, toystore.ErrNoSuchToy) {
			return err
		}
		offers = append(offers, offerOf(name, toy, err == nil))
	}
	if c.JSON {
		err = printJSON(s.out, offers)
	} else {
		err = writeOffers(s.out, offers)
	}
	return errors.Join(err, unwelcomeOf(offers))
}

func offerOf(name string, toy toystore.Toy, exists bool) offer {
	o := offer{Name: name, Status: noSuchToy}
	if !exists {
		return o
	}
	o.Status = inStock
	if toy.Stock == 0 {
		o.Status = outOfStock
	}
	if toy.Price != toystore.Untold {
		o.Price = toystore.FormatPrice(toy.Price)
	}
	if toy.Stock != toystore.Untold {
		o.Stock = &toy.Stock
	}
	return o
}

func writeOffers(out io.Writer, offers []offer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tPRICE\tSTOCK") // Flush has the error
	for _, o := range offers {
		price, stock := o.Price, strings.ReplaceAll(o.Status, "_", " ")
		if price == "" {
			price = "-"
		}
		if o.Status == inStock && o.Stock != nil {
			stock = strconv.FormatInt(*o.Stock, 10)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", o.Name, price, stock)
	}
	return w.Flush()
}

// unwelcomeOf names the toys that can't be bought, nil if all can.
func unwelcomeOf(offers []offer) error {
	names := map[string][]string{}
	for _, o := range offers {
		names[o.Status] = append(names[o.Status], o.Name)
	}
	var says []string
	code := 0
	for _, status := range []struct {
		name string
		code int
	}{{outOfStock, exitOutOfStock}, {noSuchToy, exitNoSuchToy}} {
		if len(names[status.name]) > 0 {
			says = append(says, strings.ReplaceAll(status.name, "_", " ")+": "+strings.Join(names[status.name], ", "))
			code = status.code
		}
	}
	if code == 0 {
		return nil
	}
	return unwelcome{errors.New(strings.Join(says, "; ")), code}
}
