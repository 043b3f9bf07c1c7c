package lines

import "time"

// stall is for how long a client may leave its answers unread: it is cut off after
// that, or up to twice that, because the deadline is not set for each of them.
const stall = 10 * time.Second

// send sends the answers that are there, in the order of their requests, until there
// are none.
func (c *conn) send() {
	for w := c.ready(); w != nil; w = c.ready() {
		now := time.Now()
		if c.sendBy.Sub(now) < stall {
			c.sendBy = now.Add(2 * stall)
			_ = c.SetWriteDeadline(c.sendBy) // if it fails, so does the write
		}
		if _, err := c.Write(w.answers); err != nil {
			c.fail()
			return
		}
		c.sent(w.count, now)
		works.Put(w)
	}
}

// ready returns what to send next, all in one, nil for nothing.
func (c *conn) ready() *work {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for n < len(c.works) && c.works[n].done {
		n++
	}
	if n == 0 || c.failed {
		c.sending = false
		return nil
	}
	first := c.works[0]
	for _, w := range c.works[1:n] {
		first.answers = append(first.answers, w.answers...)
		first.count += w.count
		works.Put(w)
	}
	c.works = c.works[:copy(c.works, c.works[n:])]
	return first
}

func (c *conn) sent(n int, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsent -= n
	c.active = now
	c.changed.Broadcast()
}
