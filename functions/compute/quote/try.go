package quote

import (
	"context"
	"fmt"
	"io"
	"net"
)

// asking is the datagram that asks for a quote. RFC 865 ignores what it says; it is not
// empty because some servers take an empty one for an end.
var asking = []byte{'\n'}

// try asks once, over a connection of its own: an answer to an earlier try that comes
// late finds its socket closed, and is not taken for the answer to this one.
func (s *source) try(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	c, err := s.dial(ctx, s.protocol, s.address)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	answer, err := s.ask(c)
	switch {
	case err != nil && ctx.Err() != nil: // the connection was closed by us
		return "", fmt.Errorf("%d bytes of an answer: %w", len(answer), context.Cause(ctx))
	case err != nil:
		return "", err
	}
	return decode(answer)
}

// ask returns the server's answer, up to a byte more than is accepted, which tells decode
// that there is more.
func (s *source) ask(c net.Conn) ([]byte, error) {
	if s.protocol == TCP {
		return io.ReadAll(io.LimitReader(c, MaxAnswer+1))
	}
	if _, err := c.Write(asking); err != nil {
		return nil, err
	}
	answer := make([]byte, MaxAnswer+1)
	n, err := c.Read(answer)
	return answer[:n], err
}
