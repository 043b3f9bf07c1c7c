package lines

import "time"

// stall is for how long a client may leave its answers unread: it is cut off after
// that, or up to twice that, because the deadline is not set for each of them.
const stall = 10 * time.Second

// send sends the answers that are there, in the order of their requests, until there
// are none.
func (c *conn) send() {
	for w := c.ready(); w != nil; w = c.ready() {
		now := c.allow()
		if _, err := c.Write(w.answers); err != nil {
			c.fail()
			return
		}
		c.sent(w, now)
	}
}

// sendAtOnce is send as far as that goes without waiting for the client. It returns
// false if send has to do the rest.
func (c *conn) sendAtOnce() bool {
	for w := c.ready(); w != nil; w = c.ready() {
		now := c.allow()
		n, err := c.try.write(w.answers)
		if err != nil {
			c.fail()
			return true
		}
		if n < len(w.answers) {
			w.answers = w.answers[n:]
			c.rest = w
			return false
		}
		c.sent(w, now)
	}
	return true
}

// allow sets the deadline of what is sent now.
func (c *conn) allow() (now time.Time) {
	now = time.Now()
	if c.sendBy.Sub(now) < stall {
		c.sendBy = now.Add(2 * stall)
		_ = c.SetWriteDeadline(c.sendBy) // if it fails, so does the write
	}
	return now
}

// ready returns what to send next, all in one, nil for nothing.
func (c *conn) ready() *work {
	if w := c.rest; w != nil {
		c.rest = nil
		return w
	}
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

func (c *conn) sent(w *work, now time.Time) {
	c.mu.Lock()
	c.unsent -= w.count
	c.active = now
	c.changed.Broadcast()
	c.mu.Unlock()
	works.Put(w)
}
