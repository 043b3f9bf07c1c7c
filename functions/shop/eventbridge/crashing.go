package eventbridge

import (
	"context"
	"fmt"
	"sync"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
)

// Crashing is a Bus that crashes once at every so many orders, instead of publishing
// them and what comes with them: to see that events survive it. Safe for concurrent use.
type Crashing struct {
	Bus   dynamo.Bus
	Every int // orders; 0: it never crashes

	mu   sync.Mutex
	seen map[int64]bool
}

// Publish implements dynamo.Bus, or panics.
func (c *Crashing) Publish(ctx context.Context, created []shop.OrderCreated) (failed map[int]error, err error) {
	for _, o := range created {
		if c.crashes(o.Order.ID) {
			panic(fmt.Sprintf("order %d is to crash", o.Order.ID))
		}
	}
	return c.Bus.Publish(ctx, created)
}

// crashes says whether an order is the next to crash at, which it is once.
func (c *Crashing) crashes(order int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Every == 0 || c.seen[order] {
		return false
	}
	if c.seen == nil {
		c.seen = map[int64]bool{}
	}
	c.seen[order] = true
	return len(c.seen)%c.Every == 0
}
