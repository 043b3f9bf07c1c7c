package quote_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute/quote"
)

// hand is a UDP server whose answers the test gives.
type hand struct{ net.PacketConn }

func newHand(t *testing.T) hand {
	t.Helper()
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	require.NoError(t, p.SetDeadline(time.Now().Add(20*time.Second)))
	return hand{p}
}

// asked returns who asked.
func (h hand) asked(t *testing.T) net.Addr {
	t.Helper()
	_, from, err := h.ReadFrom(make([]byte, 100))
	require.NoError(t, err)
	return from
}

func (h hand) tell(t *testing.T, to net.Addr, answer string) {
	t.Helper()
	_, err := h.WriteTo([]byte(answer), to)
	require.NoError(t, err)
}

// fetched starts to fetch a quote.
func (h hand) fetched(t *testing.T, try time.Duration) <-chan []string {
	quotes := make(chan []string, 1)
	go func() {
		got, err := (&quote.Fetcher{Try: try}).Fetch(t.Context(), quote.UDP, h.LocalAddr().String(), 1)
		require.NoError(t, err)
		quotes <- got
	}()
	return quotes
}

func TestAnAnswerFromElsewhereIsIgnored(t *testing.T) {
	t.Parallel()
	server, stranger := newHand(t), newHand(t)
	got := server.fetched(t, 10*time.Second)
	client := server.asked(t)
	stranger.tell(t, client, "A stranger's.")
	server.tell(t, client, "The server's.")
	require.Equal(t, []string{"The server's."}, <-got)
}

// Each try has a socket of its own, so that what answers an earlier one does not count.
func TestALateAnswerIsNotTheNextTrys(t *testing.T) {
	t.Parallel()
	server := newHand(t)
	got := server.fetched(t, 2*time.Second)
	first := server.asked(t)
	second := server.asked(t)
	require.NotEqual(t, first.String(), second.String())
	server.tell(t, first, "The first try's.")
	server.tell(t, second, "The second's.")
	require.Equal(t, []string{"The second's."}, <-got)
}

// Where nobody listens, the tries are used up at once.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, p, err := quote.Listen(t.Context(), ":0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.NoError(t, p.Close())
	for _, protocol := range []string{quote.TCP, quote.UDP} {
		begin := time.Now()
		quotes, err := (&quote.Fetcher{Try: time.Minute}).Fetch(t.Context(), protocol, l.Addr().String(), 8)
		requireUnavailable(t, quotes, err)
		require.Less(t, time.Since(begin), time.Minute, "no try waited for its end")
	}
}

// A datagram may say anything, or nothing.
func TestAnyDatagramIsAnswered(t *testing.T) {
	t.Parallel()
	c := dial(t, "udp", listen(t, &quote.Server{Quotes: some(1)}))
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	for _, size := range []int{0, 1, 512, 65507} {
		_, err := c.Write(make([]byte, size))
		require.NoError(t, err)
		answer := make([]byte, 1000)
		n, err := c.Read(answer)
		require.NoError(t, err)
		require.Equal(t, "U: Quote 0.\r\n", string(answer[:n]))
	}
}

// A datagram that another server seems to have sent would make the two talk for ever.
func TestServersAreNotAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		stop := serve(&quote.Server{Quotes: some(1)}, newMemory(), m)
		for _, port := range []int{0, 7, 17, 19, 1023, ownPort} {
			m.asked <- &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: port}
		}
		synctest.Wait()
		require.Empty(t, m.told)
		for _, port := range []int{1024, ownPort + 1, 65535} {
			from := &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: port}
			m.asked <- from
			require.Equal(t, from.String()+" U: Quote 0.\r\n", <-m.told)
		}
		require.NoError(t, stop())
	})
}
