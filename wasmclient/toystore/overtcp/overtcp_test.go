package overtcp_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/wasmclient/toystore"
	"lockstep/wasmclient/toystore/overtcp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hangUp = "\x00" // an answer that is none: the server closes the connection

// server answers each line of each connection, one after the other.
type server struct {
	address string

	mu    sync.Mutex
	conns int
	lines []string
}

func serve(t *testing.T, answer func(line string) string) *server {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{address: l.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns++
			s.mu.Unlock()
			wg.Go(func() { s.talk(conn, answer) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return s
}

func (s *server) talk(conn net.Conn, answer func(string) string) {
	defer func() { _ = conn.Close() }()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		s.mu.Lock()
		s.lines = append(s.lines, lines.Text())
		s.mu.Unlock()
		said := answer(lines.Text())
		if said == hangUp {
			return
		}
		_, _ = conn.Write([]byte(said))
	}
}

func (s *server) seen() (conns int, lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns, s.lines
}

func dial(t *testing.T, s *server) *overtcp.Client {
	t.Helper()
	c := overtcp.New(s.address)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func one(toy string) toystore.Purchase { return toystore.Purchase{Toy: toy, Quantity: 1} }

func TestQuery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		want   toystore.Toy
		says   string
	}{
		"in stock":     {"25.99\n", toystore.Toy{Name: "Tux", Price: 2599, Stock: toystore.Untold}, ""},
		"CRLF":         {"25.99\r\n", toystore.Toy{Name: "Tux", Price: 2599, Stock: toystore.Untold}, ""},
		"out of stock": {"0\n", toystore.Toy{Name: "Tux", Price: toystore.Untold}, ""},
		"no such toy":  {"-1\n", toystore.Toy{}, toystore.ErrNoSuchToy.Error()},
		"an error":     {"error: no such method\n", toystore.Toy{}, "refuses: no such method"},
		"not a price":  {"HTTP/1.1 400 Bad Request\n", toystore.Toy{}, "what no toy store does"},
		"no end":       {strings.Repeat("1", 10_000), toystore.Toy{}, "does not end"},
		"hung up":      {hangUp, toystore.Toy{}, "the answer is lost: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := dial(t, serve(t, func(string) string { return c.answer })).Query(t.Context(), "Tux")
			require.Equal(t, c.want, got)
			if c.says == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.says)
			}
		})
	}
}

func TestBuy(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]toystore.Sale{
		"1\n": {Result: toystore.Bought, Stock: toystore.Untold}, "0\n": {Result: toystore.OutOfStock, Stock: 0},
	} {
		got, err := dial(t, serve(t, func(string) string { return answer })).Buy(t.Context(), one("Tux"))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for answer, says := range map[string]string{"-1\n": "no such toy", "error: busy\n": "refuses: busy", "25.99\n": "what no toy store does"} {
		_, err := dial(t, serve(t, func(string) string { return answer })).Buy(t.Context(), one("Tux"))
		require.ErrorContains(t, err, says)
	}
}

func TestRequestsGoOverOneConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, func(line string) string {
		if strings.HasPrefix(line, "Buy") {
			return "1\n"
		}
		return "3.00\n"
	})
	c := dial(t, s)
	var wg sync.WaitGroup
	for range 10 { // which take turns
		wg.Go(func() {
			toy, err := c.Query(t.Context(), "Tux")
			require.NoError(t, err)
			require.EqualValues(t, 300, toy.Price)
			_, err = c.Buy(t.Context(), one("Fox"))
			require.NoError(t, err)
		})
	}
	wg.Wait()
	conns, lines := s.seen()
	require.Equal(t, 1, conns)
	require.Len(t, lines, 20)
	require.Subset(t, []string{"Query: Tux", "Buy: Fox"}, lines)
}

func TestAPurchaseWhoseAnswerIsLostIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := serve(t, func(line string) string {
		if line == "Buy: Tux" {
			return hangUp
		}
		return "3.00\n"
	})
	c := dial(t, s)
	_, err := c.Query(t.Context(), "Tux")
	require.NoError(t, err)
	_, err = c.Buy(t.Context(), one("Tux"))
	failed := new(toystore.Error)
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.InDoubt)
	_, err = c.Query(t.Context(), "Fox") // on a new connection
	require.NoError(t, err)
	conns, lines := s.seen()
	require.Equal(t, 2, conns)
	require.Equal(t, []string{"Query: Tux", "Buy: Tux", "Query: Fox"}, lines)
}

// A name with a line break would be two requests.
func TestWhatTheProtocolCannotSayIsNotSent(t *testing.T) {
	t.Parallel()
	s := serve(t, func(string) string { return "1\n" })
	c := dial(t, s)
	_, err := c.Query(t.Context(), "Tux\nBuy: Tux")
	require.ErrorContains(t, err, "line break")
	for _, p := range []toystore.Purchase{{Toy: "Tux", Quantity: 2}, {Toy: "Tux", Quantity: 1, Key: "k"}} {
		_, err = c.Buy(t.Context(), p)
		require.ErrorContains(t, err, "one toy is bought at a time")
	}
	_, lines := s.seen()
	require.Empty(t, lines)
}

// The late answer of a request that was given up must not pass for the next one's.
func TestAnInterruptedRequest(t *testing.T) {
	t.Parallel()
	asked, late := make(chan struct{}), make(chan struct{})
	defer close(late)
	s := serve(t, func(line string) string {
		if line == "Buy: Tux" {
			close(asked)
			<-late
			return "1\n"
		}
		return "3.00\n"
	})
	c := dial(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-asked
		cancel(errors.New("given up"))
	}()
	_, err := c.Buy(ctx, one("Tux"))
	require.ErrorContains(t, err, "given up")
	failed := new(toystore.Error)
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.InDoubt)
	require.False(t, failed.Passing)
	toy, err := c.Query(t.Context(), "Fox")
	require.NoError(t, err)
	require.EqualValues(t, 300, toy.Price)
}

// Whether the answer or the end of its context comes first, the next request is not harmed.
func TestAnAnswerThatComesAsTheRequestIsGivenUp(t *testing.T) {
	t.Parallel()
	cancels := make(chan context.CancelFunc, 1)
	c := dial(t, serve(t, func(line string) string {
		if line == "Buy: Tux" {
			(<-cancels)()
			return "1\n"
		}
		return "3.00\n"
	}))
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		cancels <- cancel
		sale, err := c.Buy(ctx, one("Tux"))
		if err == nil {
			require.Equal(t, toystore.Bought, sale.Result)
		}
		_, err = c.Query(t.Context(), "Fox")
		require.NoError(t, err)
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = overtcp.New(l.Addr().String()).Query(t.Context(), "Tux")
	require.ErrorContains(t, err, "can't be reached")
	failed := new(toystore.Error)
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.InDoubt || failed.Passing, "there is nobody to wait for")
}
