package smoke

import (
	"context"
	"errors"
	"fmt"

	"lockstep/wasmclient/shop"
)

func (w *walk) listed(ctx context.Context) error {
	p, err := find(ctx, w, w.client.Products, func(p shop.Product) bool { return p.ID == w.product.ID })
	if err != nil || p == nil {
		return err
	}
	return same("the product", w.left(), *p)
}

func (w *walk) orderListed(ctx context.Context) error {
	o, err := find(ctx, w, w.client.Orders, func(o shop.Order) bool { return o.ID == w.order })
	if err != nil || o == nil {
		return err
	}
	if len(o.Lines) != 1 {
		return fmt.Errorf("the order has %d lines, not 1", len(o.Lines))
	}
	return same("its line", w.placed(), o.Lines[0])
}

// find looks for an entry on the first pages of a list. It is nil, with a note, where
// the list is longer than that.
func find[T any](
	ctx context.Context, w *walk, list func(context.Context, shop.Page) (shop.Listed[T], error), is func(T) bool,
) (*T, error) {
	pages, seen := 0, 0
	few := func(ctx context.Context, page shop.Page) (shop.Listed[T], error) {
		got, err := list(ctx, page)
		if pages++; pages == MaxPages && got.Next != nil {
			w.note, got.Next = fmt.Sprintf("not among the first %d entries; not looked further", seen+len(got.Entries)), nil
		}
		return got, err
	}
	for entry, err := range shop.All(ctx, shop.Page{Limit: shop.MaxPage}, few) {
		if err != nil {
			return nil, err
		}
		if seen++; is(entry) {
			w.note = fmt.Sprintf("entry %d", seen)
			return &entry, nil
		}
	}
	if w.note == "" {
		return nil, errors.New("it is not in the list")
	}
	return nil, nil
}
