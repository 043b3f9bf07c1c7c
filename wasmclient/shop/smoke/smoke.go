// Package smoke walks once through all that a shop does.
package smoke

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"lockstep/wasmclient/shop"
)

// What is made and ordered.
const (
	stock    = 10
	quantity = 3
	price    = "100000.99"
)

// MaxPages is how many pages of a list are looked through.
const MaxPages = 100

// cleanupTime is for how long a product that must go is tried to be deleted.
const cleanupTime = 10 * time.Second

// walk is one walk through the shop.
type walk struct {
	client  shop.Client
	product shop.Product
	made    bool // the product, or it may be
	order   int64
	note    string // what the step under way has to add
}

type step struct {
	does string
	do   func(*walk, context.Context) error
}

var steps = []step{
	{"create a product", (*walk).create},
	{"get the product", (*walk).get},
	{"order the product", (*walk).buy},
	{"get the order", (*walk).getOrder},
	{"see that the stock has fallen", (*walk).fallen},
	{"find the product in the list", (*walk).listed},
	{"find the order in the list", (*walk).orderListed},
	{"delete the product", (*walk).remove},
	{"see that the product is gone", (*walk).gone},
	{"read the order without the product", (*walk).orphan},
}

// Steps is how many steps a run has.
func Steps() int { return len(steps) }

// Run takes the steps one after the other, each of which checks what it is answered,
// and tells of each that went well. It ends with the first that does not. The product
// that it made is deleted in any case; the order stays, for orders can't be deleted.
func Run(ctx context.Context, client shop.Client, tell func(number int, step, note string)) (err error) {
	w := &walk{client: client, product: shop.Product{
		// Lists are by id: with a zero first it is among the first.
		ID: "0-smoke-" + rand.Text(), Title: "Smoke test", Capacity: 10, Speed: 50, Stock: stock,
	}}
	defer func() {
		if w.made {
			err = w.cleaned(ctx, err)
		}
	}()
	for i, s := range steps {
		if err := s.do(w, ctx); err != nil {
			return fmt.Errorf("step %d of %d, %s: %w", i+1, len(steps), s.does, err)
		}
		tell(i+1, s.does, w.note)
		w.note = ""
	}
	return nil
}

// cleaned deletes the product after a failure, also one that only may have been created.
func (w *walk) cleaned(ctx context.Context, failed error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	err := w.client.DeleteProduct(ctx, w.product.ID)
	if err == nil || shop.CodeOf(err) == shop.ProductNotFound {
		return failed
	}
	return fmt.Errorf("%w; product %s may still be there: %w", failed, w.product.ID, err)
}

func (w *walk) create(ctx context.Context) error {
	w.made, w.note = true, w.product.ID
	return w.client.CreateProduct(ctx, w.product)
}

func (w *walk) get(ctx context.Context) error {
	p, err := w.client.Product(ctx, w.product.ID)
	if err != nil {
		return err
	}
	return same("the product", w.product, p)
}

func (w *walk) buy(ctx context.Context) (err error) {
	w.order, err = w.client.CreateOrder(ctx, []shop.Line{w.line()}, rand.Text())
	w.note = fmt.Sprintf("order %d", w.order)
	return err
}

func (w *walk) line() shop.Line {
	return shop.Line{Product: w.product.ID, Quantity: quantity, Price: price}
}

func (w *walk) placed() shop.Placed { return shop.Placed{ID: 1, Line: w.line()} }

// only takes an order's only line, and checks what it says for itself.
func (w *walk) only(ctx context.Context) (line shop.Shown, err error) {
	o, err := w.client.Order(ctx, w.order)
	if err != nil {
		return line, err
	}
	if len(o.Lines) != 1 {
		return line, fmt.Errorf("the order has %d lines, not 1", len(o.Lines))
	}
	return o.Lines[0], same("its line", w.placed(), o.Lines[0].Placed)
}

func (w *walk) getOrder(ctx context.Context) error {
	line, err := w.only(ctx)
	switch {
	case err != nil:
		return err
	case line.Image == "":
		return errors.New("its line has no image")
	case line.Now == nil:
		return errors.New("its line has no product, which there is")
	}
	return same("its product", w.left(), *line.Now)
}

// left is the product as the order leaves it.
func (w *walk) left() shop.Product {
	p := w.product
	p.Stock -= quantity
	return p
}

func (w *walk) fallen(ctx context.Context) error {
	p, err := w.client.Product(ctx, w.product.ID)
	if err != nil {
		return err
	}
	w.note = fmt.Sprintf("%d - %d = %d", w.product.Stock, quantity, p.Stock)
	return same("the product", w.left(), p)
}

func (w *walk) remove(ctx context.Context) error {
	err := w.client.DeleteProduct(ctx, w.product.ID)
	w.made = w.made && err != nil
	return err
}

func (w *walk) gone(ctx context.Context) error {
	_, err := w.client.Product(ctx, w.product.ID)
	switch {
	case err == nil:
		return fmt.Errorf("product %s is still there", w.product.ID)
	case shop.CodeOf(err) == shop.ProductNotFound:
		return nil
	}
	return err
}

func (w *walk) orphan(ctx context.Context) error {
	line, err := w.only(ctx)
	if err != nil {
		return err
	}
	if line.Now != nil {
		return errors.New("its line has a product, which is deleted")
	}
	return nil
}

func same[T comparable](what string, want, got T) error {
	if got != want {
		return fmt.Errorf("%s should be %+v, and is %+v", what, want, got)
	}
	return nil
}
