package quote

import (
	"context"
	"errors"
	"net"
	"strconv"
)

// loopback is where Listen is, unless told otherwise.
const loopback = "127.0.0.1"

// picks is how many free ports of TCP are tried until one is free for UDP too.
const picks = 20

// Listen listens on the same port for TCP and UDP, for a Server. address is host:port;
// without a host it is 127.0.0.1, because a quote server that everybody reaches is of
// use to those who send datagrams in others' names; port 0 takes a free one.
//
// Errors: those of net.SplitHostPort and net.ListenConfig.
func Listen(ctx context.Context, address string) (net.Listener, net.PacketConn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, err
	}
	if host == "" {
		host = loopback
	}
	attempts := 1
	if port == "0" {
		attempts = picks
	}
	for range attempts {
		l, p, failed := listen(ctx, host, port)
		if failed == nil {
			return l, p, nil
		}
		err = failed
	}
	return nil, nil, err
}

func listen(ctx context.Context, host, port string) (net.Listener, net.PacketConn, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, nil, err
	}
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		port = strconv.Itoa(a.Port)
	}
	p, err := config.ListenPacket(ctx, "udp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	return l, p, nil
}
