package shop

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"
)

// exportBatch is how many orders an export reads at a time.
const exportBatch = 1000

// export sends every order, by id, each on a line of its own.
func (s *Service) export(ctx context.Context, _ struct{}, send func(any) error) error {
	for o, err := range s.Store.Orders(ctx, 0, exportBatch) {
		if err != nil {
			return err
		}
		if err := send(jsontext.Value(appendListed(nil, o))); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
