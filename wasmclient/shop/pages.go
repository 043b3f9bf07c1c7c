package shop

import (
	"context"
	"iter"
)

// All returns the entries of a list from a page on, page after page. It ends with the
// first error.
func All[T any](ctx context.Context, from Page, list func(context.Context, Page) (Listed[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page := &from; page != nil; {
			got, err := list(ctx, *page)
			if err == nil && got.Next != nil && (len(got.Entries) == 0 || got.Next.Cursor == page.Cursor) { // it would never end
				err = Wrong("the list", "it goes on with nothing")
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, entry := range got.Entries {
				if !yield(entry, nil) {
					return
				}
			}
			page = got.Next
		}
	}
}
