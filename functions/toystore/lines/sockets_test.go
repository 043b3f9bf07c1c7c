package lines_test

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/lines"
)

// among runs do while another client is served, throughout.
func among(t *testing.T, address string, do func()) {
	t.Helper()
	c := dial(t, address)
	end, ended := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-end:
				ended <- n
				return
			default:
				require.Equal(t, "25.99\n", exchange(t, c, "Query: Tux\n"))
			}
		}
	}()
	do()
	close(end)
	require.Positive(t, <-ended)
	require.Equal(t, "25.99\n", exchange(t, c, "Query: Tux\n"))
}

// exchange sends a request and returns its answer, of a connection without another.
func exchange(t *testing.T, c net.Conn, request string) string {
	t.Helper()
	_, err := io.WriteString(c, request)
	require.NoError(t, err)
	answer := make([]byte, 100)
	n, err := c.Read(answer)
	require.NoError(t, err)
	return string(answer[:n])
}

// Go has raised the number of files that the process may open to what the system allows.
func TestManyIdleConnections(t *testing.T) {
	address := listen(t, &lines.Server{Service: shop(t, atOnce)})
	idle := make([]*net.TCPConn, 2000)
	among(t, address, func() {
		for i := range idle {
			idle[i] = dial(t, address)
			require.Equal(t, "0\n", exchange(t, idle[i], "Query: Fox\n"))
		}
		for _, c := range idle { // they are all still there
			require.Equal(t, "-1\n", exchange(t, c, "Buy: Cat\n"))
		}
	})
	for _, c := range idle {
		require.NoError(t, c.Close())
	}
}

// A client that asks and never reads is not read for ever either: it cannot get rid of
// so much as a server without bounds would take, and nobody else notices.
func TestAClientThatNeverReadsIsNotReadForEver(t *testing.T) {
	address := listen(t, &lines.Server{Service: shop(t, atOnce), Workers: 1, Queue: 10})
	before := heap()
	among(t, address, func() {
		greedy := dial(t, address)
		require.NoError(t, greedy.SetReadBuffer(4<<10))
		many := strings.Repeat("Query: Cat\n", 100_000)
		var err error
		for n := 0; n < 64 && err == nil; n++ { // megabytes
			require.NoError(t, greedy.SetWriteDeadline(time.Now().Add(time.Second)))
			_, err = io.WriteString(greedy, many)
		}
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Less(t, heap(), before+(1<<20))
	})
}

// What the system does not take at once is sent as the client reads.
func TestALateReaderGetsAllAnswers(t *testing.T) {
	const all = 60_000
	address := listen(t, &lines.Server{Service: shop(t, atOnce)})
	among(t, address, func() {
		late := dial(t, address)
		_, err := io.WriteString(late, strings.Repeat("\n", all))
		require.NoError(t, err)
		require.NoError(t, late.CloseWrite())
		answers, err := io.ReadAll(late)
		require.NoError(t, err)
		require.Equal(t, all, strings.Count(string(answers), noRequest))
		require.Len(t, answers, all*len(noRequest))
	})
}

func TestAHalfSentLineHoldsNobodyUp(t *testing.T) {
	address := listen(t, &lines.Server{Service: shop(t, atOnce), Workers: 1, Queue: 1})
	among(t, address, func() {
		half := dial(t, address)
		require.Equal(t, "25.99\n", exchange(t, half, "Query: Tux\nBuy: T"))
		require.Equal(t, "1\n", exchange(t, half, "ux\n"))
	})
}

// A client may send a long line, and as much as it likes after it, and still reads
// what was wrong with it.
func TestALongLineIsRefusedAndItsConnectionClosed(t *testing.T) {
	address := listen(t, &lines.Server{Service: shop(t, atOnce)})
	among(t, address, func() {
		for _, size := range []int{1 << 20, 5 << 20} {
			require.Equal(t, "25.99\n"+tooLong, talk(t, address, "Query: Tux\n"+strings.Repeat("x", size)))
		}
	})
}

// ways are those in which a client comes and goes.
var ways = []func(c *net.TCPConn) error{
	func(*net.TCPConn) error { return nil },
	func(c *net.TCPConn) error {
		_, err := io.WriteString(c, "Query: Tux\n")
		return errors.Join(err, c.CloseWrite(), second(io.Copy(io.Discard, c)))
	},
	func(c *net.TCPConn) error { // a reset, amid a line
		return errors.Join(c.SetLinger(0), second(io.WriteString(c, "Query: T")))
	},
	func(c *net.TCPConn) error { // a reset, with answers on their way
		return errors.Join(c.SetLinger(0), second(io.WriteString(c, strings.Repeat("Query: Tux\n", 300))))
	},
}

func second[T any](_ T, err error) error { return err }

func TestConnectionsComeAndGo(t *testing.T) {
	address := listen(t, &lines.Server{Service: shop(t, atOnce), MaxConns: 100})
	comeAndGo(t, address, 500) // what is made once
	before, goroutines := heap(), runtime.NumGoroutine()
	among(t, address, func() { comeAndGo(t, address, 10_000) })
	require.Eventually(t, func() bool { // the last ones have yet to be noticed
		return runtime.NumGoroutine() <= goroutines+5 && heap() < before+(1<<20)
	}, 10*time.Second, 10*time.Millisecond, "before: %d bytes, %d goroutines", before, goroutines)
}

func comeAndGo(t *testing.T, address string, n int) {
	t.Helper()
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for i := range n / 4 {
				c, err := net.Dial("tcp", address)
				require.NoError(t, err)
				require.NoError(t, ways[i%len(ways)](c.(*net.TCPConn)))
				require.NoError(t, c.Close())
			}
		})
	}
	clients.Wait()
}

// heap returns the bytes in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what pools have kept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
