//go:build !js

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"lockstep/wasmclient/toystore"
)

type toystoreBuy struct {
	way
	Quantity       int64  `default:"1" help:"How many: all of them are sold, or none."`
	IdempotencyKey string `placeholder:"KEY" help:"What tells this purchase from others: repeated with the same key it is sold once. Random by default."`
	JSON           bool   `name:"json" help:"Print an object of name, quantity, result (bought, out_of_stock, no_such_toy), the stock that is left and the key."`
	Name           string `arg:"" help:"The toy."`
}

// Help implements kong.HelpProvider.
func (toystoreBuy) Help() string {
	return "Over http and grpc a purchase has an idempotency key, and is repeated until the timeout when its answer is lost or the store is busy: " +
		"it is sold once. Over tcp there are no keys, nothing is repeated, and one is sold at a time.\n\n" + exitCodes
}

// Validate is called by the parser, before anything runs.
func (c toystoreBuy) Validate() error {
	if c.Protocol == "tcp" && (c.Quantity != 1 || c.IdempotencyKey != "") {
		return errors.New("over tcp there is neither --quantity nor --idempotency-key")
	}
	return errors.Join(c.purchase().Check(), c.way.Validate())
}

func (c toystoreBuy) purchase() toystore.Purchase {
	return toystore.Purchase{Toy: c.Name, Quantity: c.Quantity, Key: c.IdempotencyKey}
}

// purchased is what became of a purchase, for machines.
type purchased struct {
	Name     string `json:"name"`
	Quantity int64  `json:"quantity"`
	Result   string `json:"result"`
	Stock    *int64 `json:"stock,omitempty"`
	Key      string `json:"idempotency_key,omitempty"`
}

// Run implements the command.
func (c toystoreBuy) Run(ctx context.Context, s streams) error {
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := c.within(ctx)
	defer cancel()
	purchase := c.purchase()
	if purchase.Key == "" && c.Protocol != "tcp" {
		purchase.Key = rand.Text()
	}
	sale, err := client.Buy(ctx, purchase)
	if err != nil && !errors.Is(err, toystore.ErrNoSuchToy) {
		return doubtful(err, purchase.Key)
	}
	return c.tell(s, purchase, sale, err == nil)
}

// tell prints what became of the purchase.
func (c toystoreBuy) tell(s streams, p toystore.Purchase, sale toystore.Sale, exists bool) error {
	said := purchased{Name: p.Toy, Quantity: p.Quantity, Result: noSuchToy, Key: p.Key}
	err := error(unwelcome{fmt.Errorf("%s: %w", p.Toy, toystore.ErrNoSuchToy), exitNoSuchToy})
	if exists {
		said.Result, err = sale.Result.String(), nil
		if sale.Stock != toystore.Untold {
			said.Stock = &sale.Stock
		}
		if sale.Result == toystore.OutOfStock {
			err = unwelcome{fmt.Errorf("%s is out of stock: %d wanted, %d left", p.Toy, p.Quantity, sale.Stock), exitOutOfStock}
		}
	}
	switch {
	case c.JSON:
		return errors.Join(printJSON(s.out, said), err)
	case err != nil:
		return err
	}
	left := ""
	if said.Stock != nil {
		left = fmt.Sprintf(", %d left", *said.Stock)
	}
	_, err = fmt.Fprintf(s.out, "bought %d %s%s\n", p.Quantity, p.Toy, left)
	return err
}

// doubtful adds to an error what it means for the purchase.
func doubtful(err error, key string) error {
	failed := new(toystore.Error)
	switch {
	case !errors.As(err, &failed) || !failed.InDoubt:
		return err
	case key == "":
		return fmt.Errorf("%w; it may have been bought all the same", err)
	default:
		return fmt.Errorf("%w; it may have been bought all the same: the same with --idempotency-key %s buys it once", err, key)
	}
}
