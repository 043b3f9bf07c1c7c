package quote

import (
	"context"
	"net"
)

// reserved is where the ports begin that anybody may have.
const reserved = 1024

// largest holds any datagram. Its content is of no interest, but some systems call it an
// error when there is no room for it.
const largest = 64 << 10

// answer answers the datagrams of p until ctx is done or p fails.
func (s *serving) answer(ctx context.Context, p net.PacketConn) error {
	content := make([]byte, largest)
	for ctx.Err() == nil {
		_, from, err := p.ReadFrom(content)
		if err == nil {
			if isClient(from, p.LocalAddr()) {
				_, _ = p.WriteTo(s.next(s.udp), from) // if it fails, it is lost, as datagrams may be
			}
		} else if !outlives(ctx, err) {
			return err
		}
	}
	return nil
}

// isClient says whether somebody asks, rather than another server answers: a datagram
// that was sent to one of them in the other's name would have them talk for ever.
func isClient(from, own net.Addr) bool {
	port := portOf(from)
	return port >= reserved && port != portOf(own)
}

// portOf returns the port of a, 0 if that is no UDP address.
func portOf(a net.Addr) int {
	if a, ok := a.(*net.UDPAddr); ok {
		return a.Port
	}
	return 0
}
