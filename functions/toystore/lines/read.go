package lines

import (
	"errors"
	"io"
	"os"
	"time"
)

// Whoever closes while the client still sends makes its system drop answers that it has
// not read yet (TCP's reset). So the end is announced, and then so much is read first.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 8 << 20
)

var errUnread = errors.New("the client has more to say")

// read accepts what comes, until nothing more is accepted. It tells whether the client
// may still be sending.
func (c *conn) read() (unread bool) {
	for c.patient() {
		err := c.readOn()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
		case errors.Is(err, errUnread):
			return true
		case errors.Is(err, io.EOF):
			return false
		default:
			c.fail()
			return false
		}
	}
	return c.server.reading.Err() != nil
}

// patient sets the time until which the next request must come, and returns false if
// that is over or the server is to stop. It is called once a deadline has passed only,
// because deadlines are dear. A part of a line is no request, so that sending one byte
// now and then does not keep a connection.
func (c *conn) patient() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.unsent > 0 {
		c.active = now
	}
	until := c.active.Add(c.server.Idle)
	if c.stopping || !until.After(now) {
		return false
	}
	return c.SetReadDeadline(until) == nil
}

// readOn accepts what comes until reading fails, which it always does.
func (c *conn) readOn() error {
	for {
		n, err := c.Read(c.lines.room())
		c.lines.add(n)
		c.lines.ended = errors.Is(err, io.EOF)
		if refused := c.accept(); refused != nil {
			return refused
		}
		if err != nil {
			return err
		}
	}
}

// accept accepts the lines that have come whole. Errors: errUnread if no more are.
func (c *conn) accept() error {
	for {
		err := c.decode()
		if !c.submit(c.batch) || err != nil {
			return errUnread
		}
		if len(c.batch) < window {
			return nil
		}
	}
}

// decode makes a batch of the lines that have come whole, up to a window. Errors:
// errTooLong, which is the last of the batch too.
func (c *conn) decode() error {
	c.batch = c.batch[:0]
	for len(c.batch) < window {
		line, found, err := c.lines.next()
		if err != nil {
			c.batch = append(c.batch, request{wrong, err.Error()})
			return err
		}
		if !found {
			return nil
		}
		if n := len(c.batch); n < cap(c.batch) {
			c.batch = c.batch[:n+1] // which has the text of an earlier request
		} else {
			c.batch = append(c.batch, request{})
		}
		c.batch[len(c.batch)-1].parse(line)
	}
	return nil
}

// submit accepts a batch as there is room for it. It returns false if the rest was not
// accepted, because the connection or the server ends.
func (c *conn) submit(batch []request) bool {
	for len(batch) > 0 {
		n := c.room(len(batch))
		if n == 0 {
			return false
		}
		n, err := c.server.queue.admit(c.server.reading, n)
		if err != nil {
			return false
		}
		c.push(batch[:n])
		batch = batch[n:]
	}
	return true
}

// hangUp tells the client that no more answers come, and drops what it still sends.
func (c *conn) hangUp() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.mu.Lock()
	c.stopping = true // from here on the deadline is not stop's to set
	_ = c.SetReadDeadline(time.Now().Add(lingerTime))
	c.mu.Unlock()
	_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
}
