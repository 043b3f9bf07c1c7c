package lines_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/lines"
)

// pour sends one line at a time, n times, and counts how many the server has read.
func pour(c *client, line string, n int) *atomic.Int64 {
	read := new(atomic.Int64)
	go func() {
		for range n {
			if _, err := io.WriteString(c, line); err != nil {
				return
			}
			read.Add(1)
		}
	}()
	return read
}

// Nothing grows while the workers are slow: reading stops, and goes on once there is
// room again.
func TestAFullQueueStopsReading(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ workers, queue, piece, read int }{
		"of all":                        {1, 3, 1, 1 + 3 + 1}, // one at work, the queue, one in the reader's hand
		"more workers":                  {5, 3, 1, 5 + 3 + 1},
		"of one connection":             {5, 1000, 1, lines.Window + 1},
		"of all, in larger pieces":      {1, 3, 100, 100},
		"of one, in pieces that exceed": {5, 1000, 100, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const all = 500
				hold, open := gate()
				l := newPipes()
				stop := serve(&lines.Server{Service: shop(t, hold), Workers: c.workers, Queue: c.queue}, l)
				client := l.dial()
				read := pour(client, strings.Repeat("Query: Tux\n", c.piece), all/c.piece)
				synctest.Wait()
				require.Equal(t, c.read, int(read.Load())*c.piece)
				open()
				for range all {
					require.Equal(t, "25.99\n", client.hear(t))
				}
				require.NoError(t, stop())
			})
		})
	}
}

// The queue is one for all connections, each of which may read one request ahead.
func TestTheQueueIsSharedByAllConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold, open := gate()
		l := newPipes()
		stop := serve(&lines.Server{Service: shop(t, hold), Workers: 2, Queue: 10}, l)
		var clients []*client
		var reads []*atomic.Int64
		for range 8 {
			clients = append(clients, l.dial())
			reads = append(reads, pour(clients[len(clients)-1], "Query: Tux\n", 20))
		}
		synctest.Wait()
		var sum int64
		for _, read := range reads {
			sum += read.Load()
		}
		require.EqualValues(t, 2+10+8, sum)
		open()
		for _, c := range clients {
			for range 20 {
				require.Equal(t, "25.99\n", c.hear(t))
			}
		}
		require.NoError(t, stop())
	})
}

// Somebody who asks a thousand times has one turn, then others have theirs.
func TestConnectionsTakeTurns(t *testing.T) {
	t.Parallel()
	for name, queue := range map[string]int{"a long queue": 1024, "a full queue": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				stop := serve(&lines.Server{Service: shop(t, delayed([]int{10})), Workers: 1, Queue: queue}, l)
				greedy, modest := l.dial(), l.dial()
				pour(greedy, "Query: Tux\n", 1000)
				go func() { _, _ = io.Copy(io.Discard, greedy) }()
				time.Sleep(105 * time.Millisecond) // of the bubble: amid a request
				begin := time.Now()
				require.Equal(t, "25.99\n", modest.ask(t, "Query: Tux"))
				// The rest of the request under way, those that were let into a full
				// queue before, and its own.
				most := 5 + 10*queue + 10
				if queue > 100 {
					most = 5 + 10 + 10
				}
				require.LessOrEqual(t, time.Since(begin), time.Duration(most)*time.Millisecond)
				require.NoError(t, greedy.Close())
				require.NoError(t, stop())
			})
		})
	}
}

// The contract's load test, on the bubble's clock: a pool of five, 200 ms each.
func TestLatencyByTheNumberOfClients(t *testing.T) {
	t.Parallel()
	for clients, want := range map[int]time.Duration{1: 200, 5: 200, 10: 390} {
		synctest.Test(t, func(t *testing.T) {
			service := shop(t, atOnce)
			service.Processing = 200 * time.Millisecond
			l := newPipes()
			stop := serve(&lines.Server{Service: service}, l)
			var sum atomic.Int64
			var all sync.WaitGroup
			for range clients {
				c := l.dial()
				all.Go(func() {
					for range 10 {
						begin := time.Now()
						require.Equal(t, "25.99\n", c.ask(t, "Query: Tux"))
						sum.Add(int64(time.Since(begin)))
					}
				})
			}
			all.Wait()
			require.Equal(t, want*time.Millisecond, time.Duration(sum.Load())/time.Duration(10*clients))
			require.NoError(t, stop())
		})
	}
}

// A client that does not read holds no worker, and is cut off.
func TestASlowReaderIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		stop := serve(&lines.Server{Service: shop(t, atOnce), Workers: 1, Queue: 2}, l)
		slow, other := l.dial(), l.dial()
		begin := time.Now()
		var read atomic.Int64
		broken := make(chan error, 1)
		go func() {
			for {
				if _, err := io.WriteString(slow, "Query: Tux\n"); err != nil {
					broken <- err
					return
				}
				read.Add(1)
			}
		}()
		synctest.Wait()
		require.EqualValues(t, lines.Window+1, read.Load(), "what is not sent is bounded")
		require.Equal(t, "25.99\n", other.ask(t, "Query: Tux"))
		require.ErrorIs(t, <-broken, io.ErrClosedPipe)
		require.GreaterOrEqual(t, time.Since(begin), lines.Stall)
		require.LessOrEqual(t, time.Since(begin), 2*lines.Stall)
		require.Equal(t, "25.99\n", other.ask(t, "Query: Tux"))
		require.NoError(t, stop())
	})
}

func TestWhatIsAboveTheConnectionsWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		stop := serve(&lines.Server{Service: shop(t, atOnce), MaxConns: 2}, l)
		first, second := l.dial(), l.dial()
		require.Equal(t, "25.99\n", first.ask(t, "Query: Tux"))
		third := make(chan *client)
		go func() { third <- l.dial() }()
		synctest.Wait()
		select {
		case <-third:
			require.Fail(t, "a third connection was accepted")
		default:
		}
		require.NoError(t, first.Close())
		require.Equal(t, "25.99\n", (<-third).ask(t, "Query: Tux"))
		require.Equal(t, "25.99\n", second.ask(t, "Query: Tux"))
		require.NoError(t, stop())
	})
}

// resetting is a connection whose client does not close it but breaks it off.
type resetting struct{ net.Conn }

func (c resetting) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		err = syscall.ECONNRESET
	}
	return n, err
}

// Clients that break off while the workers are busy leave turns behind. Were there more
// of those than the queue has room for, a worker that hands on a turn would wait for
// itself.
func TestClientsThatBreakOffDoNotFillTheTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold, open := gate()
		l := newPipes()
		stop := serve(&lines.Server{Service: shop(t, hold), Workers: 1, MaxConns: 2}, l)
		c := l.dial()
		c.tell(t, "Query: Tux\nQuery: Tux\nQuery: Tux\n")
		go func() {
			for range 10 {
				near, far := net.Pipe()
				select {
				case l.conns <- resetting{far}:
				case <-l.closed:
					return
				}
				_, _ = io.WriteString(near, "Query: Tux\n")
				_ = near.Close()
			}
		}()
		synctest.Wait()
		open()
		for range 3 {
			require.Equal(t, "25.99\n", c.hear(t))
		}
		require.NoError(t, stop())
	})
}

// What nobody waits for any more is not worked on, and leaves room in the queue.
func TestABrokenConnectionLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int64
		hold, open := gate()
		l := newPipes()
		stop := serve(&lines.Server{Workers: 1, Queue: 3, Service: shop(t, func(ctx context.Context, toy string) error {
			begun.Add(1)
			return hold(ctx, toy)
		})}, l)
		near, far := net.Pipe()
		l.conns <- resetting{far}
		_, err := io.WriteString(near, "Query: Tux\nQuery: Tux\nQuery: Tux\n")
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, near.Close())
		synctest.Wait()
		c := l.dial()
		read := pour(c, "Query: Fox\n", 100)
		synctest.Wait()
		require.EqualValues(t, 3+1, read.Load(), "the queue is this client's")
		open()
		for range 100 {
			require.Equal(t, "0\n", c.hear(t))
		}
		require.EqualValues(t, 1+100, begun.Load())
		require.NoError(t, stop())
	})
}
