package pi

import (
	"context"
	"errors"
)

// ErrRange is the error of a count over a Range that is none: From or N is negative,
// or their sum is above 2^63-1.
var ErrRange = errors.New("pi: no range of samples")

// Sampler counts samples on one core, by one variant; New makes it. It has no state, so
// any number of goroutines may use it at once.
type Sampler struct{ implementation }

// Variant returns the sampler's variant, which is never Auto.
func (s *Sampler) Variant() Variant { return s.variant }

// Count returns how many samples of r, in the stream of that seed, are inside the
// circle. It looks at the context once a Block, and returns its error when it is
// done; the other error is ErrRange.
func (s *Sampler) Count(ctx context.Context, seed uint64, r Range) (int64, error) {
	if !r.valid() {
		return 0, ErrRange
	}
	total := int64(0)
	for i := range r.blocks() {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		total += s.countBlock(seed, r, i)
		pause(i)
	}
	return total, nil
}

// countBlock counts what r has of the i-th block that it touches. What comes before
// it in the block is made, counted and taken away again.
func (s *Sampler) countBlock(seed uint64, r Range, i int64) int64 {
	number, from, to := r.block(i)
	count := openBlock(seed, number).count(s.kernel, to)
	if from > 0 {
		count -= openBlock(seed, number).count(s.kernel, from)
	}
	return count
}
