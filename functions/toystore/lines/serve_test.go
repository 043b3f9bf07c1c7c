package lines_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/lines"
)

// No test may leave a goroutine behind, least of all Serve's.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop returns a service with the toys of the tests, whose store does first what the
// test wants.
func shop(tb testing.TB, first func(ctx context.Context, toy string) error) *toystore.Service {
	tb.Helper()
	memory := toystore.NewMemory()
	for _, toy := range []toystore.Toy{
		{Name: "Tux", Price: 2599, Stock: toystore.MaxStock},
		{Name: "Whale", Price: 3499, Stock: 1},
		{Name: "Fox", Price: 5, Stock: 0},
		{Name: "a:b", Price: 100, Stock: 1},
	} {
		require.NoError(tb, memory.Put(tb.Context(), toy))
	}
	return &toystore.Service{Store: &store{memory, first}}
}

type store struct {
	*toystore.Memory
	first func(ctx context.Context, toy string) error
}

func (s *store) Toy(ctx context.Context, name string) (toystore.Toy, error) {
	if err := s.first(ctx, name); err != nil {
		return toystore.Toy{}, err
	}
	return s.Memory.Toy(ctx, name)
}

func (s *store) Buy(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	if err := s.first(ctx, p.Toy); err != nil {
		return toystore.Sale{}, err
	}
	return s.Memory.Buy(ctx, p)
}

func atOnce(context.Context, string) error { return nil }

// gate holds everybody up until it is opened.
func gate() (hold func(context.Context, string) error, open func()) {
	opened := make(chan struct{})
	return func(context.Context, string) error {
		<-opened
		return nil
	}, func() { close(opened) }
}

// listen serves on a port until the test ends, and returns the address.
func listen(tb testing.TB, server *lines.Server) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	stop := serve(server, l)
	tb.Cleanup(func() { require.NoError(tb, stop()) })
	return l.Addr().String()
}

// serve serves until stop is called, which returns what Serve does.
func serve(server *lines.Server, l net.Listener) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	return func() error {
		cancel()
		return <-served
	}
}

// talk sends all of input, says that this was all, and returns all of the answers. The
// server takes the input to its end, even if it answers no more: were it to close while
// there is some unread, that would reset the connection, and answers could be lost.
func talk(tb testing.TB, address, input string) string {
	tb.Helper()
	c := dial(tb, address)
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(c, input)
		sent <- errors.Join(err, c.CloseWrite())
	}()
	answers, err := io.ReadAll(c)
	require.NoError(tb, err)
	require.NoError(tb, <-sent)
	return string(answers)
}

func dial(tb testing.TB, address string) *net.TCPConn {
	tb.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// pipes is a listener without a network, for a bubble.
type pipes struct {
	conns  chan net.Conn
	errs   chan error
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), errs: make(chan error, 1), closed: make(chan struct{})}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case err := <-l.errs:
		return nil, err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial returns a client.
func (l *pipes) dial() *client {
	near, far := net.Pipe()
	l.conns <- far
	return &client{near, bufio.NewReader(near)}
}

type client struct {
	net.Conn
	answers *bufio.Reader
}

// ask sends a line and returns the answer.
func (c *client) ask(tb testing.TB, line string) string {
	tb.Helper()
	c.tell(tb, line+"\n")
	return c.hear(tb)
}

func (c *client) tell(tb testing.TB, text string) {
	tb.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(tb, err)
}

func (c *client) hear(tb testing.TB) string {
	tb.Helper()
	answer, err := c.answers.ReadString('\n')
	require.NoError(tb, err)
	return answer
}

// hearEnd requires that the server has closed.
func (c *client) hearEnd(tb testing.TB) {
	tb.Helper()
	_, err := c.answers.ReadByte()
	require.ErrorIs(tb, err, io.EOF)
}
