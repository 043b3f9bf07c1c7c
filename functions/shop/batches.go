package shop

import (
	"context"
	"iter"
)

// inBatches goes through all entries after a key, size at a time: read returns a batch,
// which is the last one if there are fewer in it.
func inBatches[K, V any](ctx context.Context, after K, key func(V) K, size int, read func(after K) ([]V, error)) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		for {
			batch, err := read(after)
			if err == nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(*new(V), err)
				return
			}
			for _, v := range batch {
				if !yield(v, nil) {
					return
				}
			}
			if len(batch) < size {
				return
			}
			after = key(batch[len(batch)-1])
		}
	}
}
