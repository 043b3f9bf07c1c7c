package eventbridge

import (
	"context"
	"fmt"
	"sync/atomic"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
)

// Crashing is a Bus that crashes at every so many events instead of publishing: to see
// that events survive it. Safe for concurrent use.
type Crashing struct {
	Bus   dynamo.Bus
	Every int64 // events; 0: it never crashes

	seen atomic.Int64
}

// Publish implements dynamo.Bus, or panics.
func (c *Crashing) Publish(ctx context.Context, created []shop.OrderCreated) (failed map[int]error, err error) {
	if c.Every > 0 {
		for range created {
			if n := c.seen.Add(1); n%c.Every == 0 {
				panic(fmt.Sprintf("event %d is to crash", n))
			}
		}
	}
	return c.Bus.Publish(ctx, created)
}
