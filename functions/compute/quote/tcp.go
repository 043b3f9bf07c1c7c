package quote

import (
	"context"
	"io"
	"net"
	"time"
)

const (
	// patience is how long a client may take to take its quote and close.
	patience = 5 * time.Second

	// haste is how long it may take to take its quote once the server is to stop.
	haste = time.Second

	// lingerBytes is how much is read of what a client says. RFC 865 throws it away.
	lingerBytes = 64 << 10
)

// client is one connection.
type client struct {
	net.Conn
	gone chan struct{} // closed once its goroutine ends
}

// accept serves the connections of l until ctx is done or the listener fails.
func (s *serving) accept(ctx context.Context, l net.Listener) error {
	clients := make([]*client, s.maxConns) // a ring: the next place is the oldest's
	defer dismiss(clients)
	for next := 0; ctx.Err() == nil; {
		c, err := l.Accept()
		if err == nil {
			clients[next].cut()
			clients[next] = s.connect(c)
			next = (next + 1) % len(clients)
		} else if !outlives(ctx, err) {
			return err
		}
	}
	return nil
}

// connect gives a client its quote, while the caller goes on.
func (s *serving) connect(c net.Conn) *client {
	_ = c.SetDeadline(time.Now().Add(patience)) // if it fails, so does the write
	k := &client{c, make(chan struct{})}
	go func() {
		defer close(k.gone)
		defer func() { _ = c.Close() }()
		if _, err := c.Write(s.next(s.tcp)); err == nil {
			linger(c)
		}
	}()
	return k
}

// linger says that this was all, and reads what the client says until it closes. Whoever
// closes with something left unread makes the client's system drop a quote that it has
// not read yet (TCP's reset).
func linger(c net.Conn) {
	half, ok := c.(interface{ CloseWrite() error })
	if ok && half.CloseWrite() == nil {
		_, _ = io.CopyN(io.Discard, c, lingerBytes)
	}
}

// cut ends a connection, if there is one.
func (k *client) cut() {
	if k != nil {
		_ = k.Close()
		<-k.gone
	}
}

// dismiss ends connections that have their quote, and soon the others.
func dismiss(clients []*client) {
	now := time.Now()
	for _, k := range clients {
		if k != nil {
			_ = k.SetReadDeadline(now) // if they fail, it has gone
			_ = k.SetWriteDeadline(now.Add(haste))
		}
	}
	for _, k := range clients {
		if k != nil {
			<-k.gone
		}
	}
}
