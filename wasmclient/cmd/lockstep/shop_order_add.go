//go:build !js

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	shops "lockstep/wasmclient/shop"
)

type shopOrderAdd struct {
	shopCall
	Line           []string `sep:"none" placeholder:"PRODUCT:QUANTITY:PRICE" help:"A line of the order, as in airship:1:100000.99; repeat it for more."`
	File           string   `placeholder:"FILE" type:"existingfile" help:"A file with the order: {\"order_details\": [{\"product_id\", \"quantity\", \"price\"}]}."`
	IdempotencyKey string   `placeholder:"KEY" help:"What tells this order from others: repeated with the same key it is placed once. Random by default."`
	JSON           bool     `name:"json" help:"Print an object of the order's id and its key."`
}

// Help implements kong.HelpProvider.
func (shopOrderAdd) Help() string {
	return "An order is repeated with its key until the timeout when its answer is lost or the shop is busy: it is placed once.\n\n" + shopExitCodes
}

// Validate is called by the parser, before anything runs.
func (c shopOrderAdd) Validate() error {
	if (len(c.Line) == 0) == (c.File == "") {
		return errors.New("give either --line or --file")
	}
	lines, err := c.lines()
	if err != nil {
		return err
	}
	return errors.Join(shops.CheckOrder(lines, c.IdempotencyKey), c.shopCall.Validate())
}

func (c shopOrderAdd) lines() ([]shops.Line, error) {
	if c.File != "" {
		return readOrder(c.File)
	}
	lines := make([]shops.Line, len(c.Line))
	for i, text := range c.Line {
		var err error
		if lines[i], err = parseLine(text); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

var decimal = regexp.MustCompile(`^\d+(\.\d+)?$`)

// parseLine reads PRODUCT:QUANTITY:PRICE from its end, for an id may have colons.
func parseLine(text string) (l shops.Line, err error) {
	parts := strings.Split(text, ":")
	if len(parts) < 3 {
		return l, fmt.Errorf("line %q is not of the form PRODUCT:QUANTITY:PRICE", text)
	}
	n := len(parts)
	l.Product, l.Price = strings.Join(parts[:n-2], ":"), shops.Price(parts[n-1])
	if l.Quantity, err = strconv.ParseInt(parts[n-2], 10, 64); err != nil {
		return l, fmt.Errorf("line %q: %q is no quantity", text, parts[n-2])
	}
	if !decimal.MatchString(parts[n-1]) {
		return l, fmt.Errorf("line %q: %q is no price, as 100000.99 is", text, parts[n-1])
	}
	return l, nil
}

// readOrder reads an order as the shop takes it. A misspelt name is an error, where the
// shop would look over it.
func readOrder(path string) ([]shops.Line, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var order struct {
		Lines []shops.Line `json:"order_details"`
	}
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.DisallowUnknownFields()
	if err := reader.Decode(&order); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if reader.More() {
		return nil, fmt.Errorf("%s: there is more after the order", path)
	}
	return order.Lines, nil
}

// Run implements the command.
func (c shopOrderAdd) Run(ctx context.Context, s streams) error {
	lines, err := c.lines()
	if err != nil {
		return err
	}
	key := cmp.Or(c.IdempotencyKey, rand.Text())
	return c.with(ctx, func(ctx context.Context, client shops.Client) error {
		id, err := client.CreateOrder(ctx, lines, key)
		if failed := new(shops.Error); errors.As(err, &failed) && failed.InDoubt {
			return fmt.Errorf("%w; it may have been placed all the same: the same with --idempotency-key %s places it once", err, key)
		}
		switch {
		case err != nil:
			return err
		case c.JSON:
			return printJSON(s.out, struct {
				ID  int64  `json:"id"`
				Key string `json:"idempotency_key"`
			}{id, key})
		}
		_, err = fmt.Fprintf(s.out, "created order %d\n", id)
		return err
	})
}
