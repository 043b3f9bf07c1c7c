package quote_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute/quote"
)

// requireQuote requires that a connection has a quote, and then ends.
func requireQuote(t *testing.T, c net.Conn) {
	t.Helper()
	answer, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Regexp(t, `^T: Quote \d+\.\r\n$`, string(answer))
}

// A client may talk before it reads. Were the server to close with that unread, the
// client's system would drop the quote.
func TestWhatAClientSaysIsThrownAway(t *testing.T) {
	t.Parallel()
	address := listen(t, &quote.Server{Quotes: some(1)})
	for range 20 {
		c := dial(t, "tcp", address)
		_, err := c.Write(make([]byte, 10_000))
		require.NoError(t, err)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(20*time.Second)))
		requireQuote(t, c)
		require.NoError(t, c.Close())
	}
}

// Who talks without end is cut off, long before the time is over.
func TestATalkerIsCutOff(t *testing.T) {
	t.Parallel()
	c := dial(t, "tcp", listen(t, &quote.Server{Quotes: some(1)}))
	talk := bytes.Repeat([]byte("bla "), 1000)
	require.NoError(t, c.SetWriteDeadline(time.Now().Add(20*time.Second)))
	var err error
	for n := 0; err == nil; n++ {
		require.Less(t, n, 100_000)
		_, err = c.Write(talk)
	}
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

// Clients that do not take their quote hold nobody up, and are cut off.
func TestASlowReaderIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		stop := serve(&quote.Server{Quotes: some(9)}, m, newMemory())
		slow := []net.Conn{m.dial(), m.dial(), m.dial()}
		requireQuote(t, m.dial())
		time.Sleep(4 * time.Second) // of the bubble
		requireQuote(t, slow[0])
		time.Sleep(1100 * time.Millisecond)
		for _, c := range slow[1:] {
			requireEnded(t, c)
		}
		require.NoError(t, stop())
	})
}

// So are those that have it, and do not close.
func TestAHeldConnectionIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		stop := serve(&quote.Server{Quotes: some(9)}, m, newMemory())
		held, begin := m.hold(t), time.Now()
		requireEnded(t, held)
		require.Equal(t, 5*time.Second, time.Since(begin))
		require.NoError(t, stop())
	})
}

// requireEnded requires that a connection was closed without a quote, or another.
func requireEnded(t *testing.T, c net.Conn) {
	t.Helper()
	answer, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Empty(t, answer)
}

// Above the limit it is the oldest connections that end; who comes is served at once.
func TestTheOldestConnectionsMakeRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		stop := serve(&quote.Server{Quotes: some(9), MaxConns: 3}, m, newMemory())
		var clients []net.Conn
		for range 8 {
			clients = append(clients, m.dial())
			synctest.Wait()
		}
		for _, c := range clients[:5] {
			requireEnded(t, c)
		}
		for _, c := range clients[5:] {
			requireQuote(t, c)
		}
		require.NoError(t, stop())
	})
}

// The same over real sockets, where each has had its quote, and only holds on to it.
func TestHeldConnectionsMakeRoom(t *testing.T) {
	t.Parallel()
	address := listen(t, &quote.Server{Quotes: some(9), MaxConns: 5})
	held := make([]net.Conn, 30)
	for i := range held {
		held[i] = dial(t, "tcp", address)
		quotes, err := new(quote.Fetcher).Fetch(t.Context(), quote.TCP, address, 2)
		require.NoError(t, err)
		require.Len(t, quotes, 2)
	}
	for _, c := range held {
		requireQuote(t, c)
	}
}

// What is on its way is let through, but not waited for any longer than a second.
func TestStopLetsQuotesThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		stop := serve(&quote.Server{Quotes: some(9)}, m, newMemory())
		quick, slow := m.dial(), m.dial()
		synctest.Wait()
		stopped := make(chan error)
		begin := time.Now()
		go func() { stopped <- stop() }()
		synctest.Wait()
		requireQuote(t, quick)
		require.NoError(t, <-stopped)
		require.Equal(t, time.Second, time.Since(begin))
		requireEnded(t, slow)
	})
}

// Connections that were given their quote and are held do not hold the server up.
func TestStopEndsHeldConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		stop := serve(&quote.Server{Quotes: some(9)}, m, newMemory())
		held, begin := m.hold(t), time.Now()
		require.NoError(t, stop())
		requireEnded(t, held)
		require.Equal(t, begin, time.Now())
	})
}

func TestStopFreesThePort(t *testing.T) {
	t.Parallel()
	l, p, err := quote.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	stop := serve(&quote.Server{Quotes: some(9)}, l, p)
	held := dial(t, "tcp", l.Addr().String())
	requireQuote(t, held) // to its end, which is not the connection's
	require.NoError(t, stop())
	_, err = net.Dial("tcp", l.Addr().String())
	require.Error(t, err)
	l, p, err = quote.Listen(t.Context(), l.Addr().String())
	require.NoError(t, err, "the port is free again, for both")
	require.NoError(t, errors.Join(l.Close(), p.Close()))
}
