//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"lockstep/shared/sigv4"
	"lockstep/shared/syncquery/oldapi"
	shops "lockstep/wasmclient/shop"
	"lockstep/wasmclient/shop/overhttp"
)

type shopCommand struct {
	Product shopProduct `cmd:"" help:"Create, read, delete and list products."`
	Order   shopOrder   `cmd:"" help:"Create, read, list and export orders."`
	Smoke   shopSmoke   `cmd:"" help:"Walk once through all that the shop does, and check each step."`
	Perf    shopPerf    `cmd:"" help:"Measure response times under load, and whether they grow."`
}

// shopExitCodes is part of the help of commands that have them.
const shopExitCodes = "Exit codes: 0 yes; 1 failed; 2 wrong arguments; 3 out of stock; 4 there is no such product or order."

// exitNotFound is the exit code where what was named does not exist.
const exitNotFound = exitNoSuchToy

// shopAddress is where the shop is.
type shopAddress struct {
	URL string `default:"http://127.0.0.1:8085" placeholder:"URL" help:"Where the shop is; ${default} by default."`
	signing
}

func (a shopAddress) validate(timeout time.Duration) error {
	if timeout <= 0 {
		return errors.New("--timeout must be above 0")
	}
	_, err := oldapi.ParseBase(a.URL)
	return err
}

// dial returns a client; service is what requests are signed for, if they are.
func (a shopAddress) dial(ctx context.Context, service string) (*overhttp.Client, error) {
	base, err := oldapi.ParseBase(a.URL)
	if err != nil || !a.Sign {
		return overhttp.New(base), err
	}
	signer, err := sigv4.Load(ctx, service)
	if err != nil {
		return nil, err
	}
	return overhttp.New(base, signer.Wrap), nil
}

// shopCall is one question, or a few, to the shop.
type shopCall struct {
	shopAddress
	Timeout time.Duration `default:"30s" help:"How long to try."`
}

// Validate is called by the parser, before anything runs.
func (c shopCall) Validate() error { return c.validate(c.Timeout) }

// with calls do with a client that repeats what may be repeated, until the timeout, and
// gives what the shop refuses its exit code.
func (c shopCall) with(ctx context.Context, do func(context.Context, shops.Client) error) error {
	client, err := c.dial(ctx, sigv4.RESTAPI)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := within(ctx, c.Timeout)
	defer cancel()
	return refused(do(ctx, shops.Patient{Client: client}))
}

func within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not answered within %s", timeout))
}

// refused gives errors that scripts may want to tell from failures their exit code.
func refused(err error) error {
	switch shops.CodeOf(err) {
	case shops.OutOfStock:
		return unwelcome{err, exitOutOfStock}
	case shops.ProductNotFound, shops.OrderNotFound:
		return unwelcome{err, exitNotFound}
	}
	return err
}

// some takes entries of a list, limit at most, 0 for all.
func some[T any](ctx context.Context, limit int, list func(context.Context, shops.Page) (shops.Listed[T], error)) ([]T, error) {
	first := shops.Page{Limit: shops.MaxPage}
	if limit > 0 {
		first.Limit = min(limit, shops.MaxPage)
	}
	entries := []T{} // [] in JSON, never null
	for entry, err := range shops.All(ctx, first, list) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
		if len(entries) == limit {
			break
		}
	}
	return entries, nil
}

// shopList is what lists have in common.
type shopList struct {
	shopCall
	Limit int `default:"1000" placeholder:"N" help:"At most so many, ${default} by default; 0 for all."`
}

// Validate is called by the parser, before anything runs.
func (c shopList) Validate() error {
	if c.Limit < 0 {
		return errors.New("--limit must not be negative")
	}
	return c.shopCall.Validate()
}

// columns writes rows of cells that are separated by tabs.
func columns(out io.Writer, head string, rows func(line func(format string, args ...any))) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, head) // Flush has the error
	rows(func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) })
	return w.Flush()
}
