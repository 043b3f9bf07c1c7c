package quote_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/functions/compute/quote"
	"lockstep/shared/failure"
)

// No test may leave a goroutine behind, least of all Serve's.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nowhere = "quotes.invalid:17" // for a Dial that does not look

// dialer is a Fetcher's Dial.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// speak returns a Dial whose connections, without a network, have such a server at the
// other end. Its connection is closed when it returns.
func speak(server func(c net.Conn)) dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer func() { _ = far.Close() }()
			server(far)
		}()
		return near, nil
	}
}

// hear reads the datagram that asks.
func hear(c net.Conn) { _, _ = c.Read(make([]byte, 100)) }

// untilClosed waits until the client closes.
func untilClosed(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// requireUnavailable requires the error that is answered as 502, and no quotes.
func requireUnavailable(tb testing.TB, quotes []string, err error) {
	tb.Helper()
	require.Nil(tb, quotes)
	var f *failure.Error
	require.ErrorAs(tb, err, &f)
	require.Equal(tb, failure.Upstream, f.Code)
	require.Equal(tb, "quote server unavailable", f.Message)
	require.Error(tb, f.Err, "the cause, for logs")
}

// some returns n quotes.
func some(n int) []string {
	quotes := make([]string, n)
	for i := range quotes {
		quotes[i] = fmt.Sprintf("Quote %d.", i)
	}
	return quotes
}

// listen serves on a port until the test ends, and returns the address.
func listen(tb testing.TB, server *quote.Server) string {
	tb.Helper()
	l, p, err := quote.Listen(tb.Context(), ":0")
	require.NoError(tb, err)
	stop := serve(server, l, p)
	tb.Cleanup(func() { require.NoError(tb, stop()) })
	return l.Addr().String()
}

// serve serves until stop is called, which returns what Serve does.
func serve(server *quote.Server, l net.Listener, p net.PacketConn) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l, p) }()
	return func() error {
		cancel()
		return <-served
	}
}

// dial connects for as long as the test lasts.
func dial(tb testing.TB, network, address string) net.Conn {
	tb.Helper()
	c, err := net.Dial(network, address)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// memory is a listener and a packet socket without a network, for a bubble.
type memory struct {
	net.PacketConn // for what is not called

	conns  chan net.Conn
	asked  chan net.Addr // who sent a datagram
	told   chan string   // to whom one was sent, and what
	errs   chan error    // of Accept or ReadFrom
	closed chan struct{}
	once   sync.Once
}

func newMemory() *memory {
	return &memory{conns: make(chan net.Conn), asked: make(chan net.Addr), told: make(chan string, 100),
		errs: make(chan error), closed: make(chan struct{})}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case err := <-m.errs:
		return nil, err
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) ReadFrom([]byte) (int, net.Addr, error) {
	select {
	case from := <-m.asked:
		return 1, from, nil
	case err := <-m.errs:
		return 0, nil, err
	case <-m.closed:
		return 0, nil, net.ErrClosed
	}
}

func (m *memory) WriteTo(datagram []byte, to net.Addr) (int, error) {
	m.told <- to.String() + " " + string(datagram)
	return len(datagram), nil
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

func (m *memory) Addr() net.Addr      { return &net.TCPAddr{Port: ownPort} }
func (m *memory) LocalAddr() net.Addr { return &net.UDPAddr{Port: ownPort} }

const ownPort = 1717

// dial returns a client of the listener.
func (m *memory) dial() net.Conn {
	near, far := net.Pipe()
	m.conns <- far
	return near
}

// hold returns a client that has its quote, and holds on to its connection.
func (m *memory) hold(t *testing.T) net.Conn {
	t.Helper()
	near, far := net.Pipe()
	m.conns <- half{far}
	answer := make([]byte, 100)
	n, err := near.Read(answer)
	require.NoError(t, err)
	require.Regexp(t, `^T: Quote \d+\.\r\n$`, string(answer[:n]))
	return near
}

// half is a connection of which one direction can be closed, as TCP's.
type half struct{ net.Conn }

func (half) CloseWrite() error { return nil }
