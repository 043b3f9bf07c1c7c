package shop

import (
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"
)

// idChance is how many of an id's bits are chance.
const idChance = 12

var idEpoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// IDs draws the ids of orders: milliseconds since 2025 above 12 bits of chance. So they
// grow with time without a counter that all processes would wait for, and stay below
// 2^53 until 2094; within one process each is greater than the last. Two processes may
// draw the same: a store must refuse the second one, and have it drawn anew. The zero
// value is ready. Safe for concurrent use.
type IDs struct{ last atomic.Int64 }

// Draw returns the id of an order that is created at that time.
func (d *IDs) Draw(now time.Time) int64 {
	drawn := now.Sub(idEpoch).Milliseconds()<<idChance | rand.Int64N(1<<idChance) //nolint:gosec // to differ, not a secret
	for {
		last := d.last.Load()
		id := max(drawn, last+1)
		if d.last.CompareAndSwap(last, id) {
			return id
		}
	}
}

// DrawnAt returns the millisecond in which an order's id was drawn.
func DrawnAt(id int64) time.Time {
	return idEpoch.Add(time.Duration(id>>idChance) * time.Millisecond)
}

// parseOrderID reads an id as it is written: a positive integer below 2^53 without
// leading zeros.
func parseOrderID(text string) (id int64, ok bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id >= 1 && id <= MaxNumber && strconv.FormatInt(id, 10) == text
}
