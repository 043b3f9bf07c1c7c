package quote_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"lockstep/functions/compute/quote"
)

// isLost says whether the datagram of such a try is lost: 30 % are.
func isLost(seed, request, quote, try int) bool {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %d %d", seed, request, quote, try))
	return binary.BigEndian.Uint64(sum[:])%100 < 30
}

// expect says whether such a request is answered. The quotes that are left are numbered
// anew for each try, because a datagram does not say which quote's it is.
func expect(seed, request int) bool {
	left := quote.MaxQuotes
	for try := range quote.Tries {
		lost := 0
		for q := range left {
			if isLost(seed, request, q, try) {
				lost++
			}
		}
		left = lost
	}
	return left == 0
}

// losing returns a Dial for one request, whose tries begin at such times of their own.
func losing(seed, request int, limit time.Duration) dialer {
	var dialled [quote.Tries]atomic.Int32
	begin := time.Now()
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		try := int(time.Since(begin) / limit)
		q := int(dialled[try].Add(1)) - 1
		return speak(func(c net.Conn) {
			hear(c)
			if isLost(seed, request, q, try) {
				untilClosed(c)
				return
			}
			_, _ = io.WriteString(c, "A quote.\r\n")
		})(ctx, network, address)
	}
}

// Of 500 requests for 8 quotes, 80 % are answered in full though 30 % of the datagrams
// get lost: (1-0.3^3)^8. The rest is refused, and none is answered in part.
func TestLoss(t *testing.T) {
	t.Parallel()
	const seed = 1
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Int32
		var all sync.WaitGroup
		for request := range 500 {
			all.Go(func() {
				f := &quote.Fetcher{Dial: losing(seed, request, quote.DefaultTry)}
				quotes, err := f.Fetch(t.Context(), quote.UDP, nowhere, quote.MaxQuotes)
				require.Equal(t, expect(seed, request), err == nil)
				if err != nil {
					requireUnavailable(t, quotes, err)
					return
				}
				full.Add(1)
				require.Len(t, quotes, quote.MaxQuotes)
				require.NotContains(t, quotes, "")
			})
		}
		all.Wait()
		t.Logf("%d of 500 in full", full.Load())
		require.GreaterOrEqual(t, int(full.Load()), 500*75/100)
		require.LessOrEqual(t, int(full.Load()), 500*85/100)
	})
}

// relay stands between clients and a server, as often as it is asked, and loses 30 % of
// what clients send: the nth datagram always or never.
func relay(t *testing.T, server string) string {
	t.Helper()
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	var forwards errgroup.Group
	forwards.Go(func() error {
		for n := 0; ; n++ {
			content := make([]byte, 100)
			size, from, err := p.ReadFrom(content)
			switch {
			case errors.Is(err, net.ErrClosed):
				return nil
			case err != nil:
				return err
			case !isLost(0, 0, 0, n):
				forwards.Go(func() error { return forward(p, from, server, content[:size]) })
			}
		}
	})
	t.Cleanup(func() {
		require.NoError(t, p.Close())
		require.NoError(t, forwards.Wait())
	})
	return p.LocalAddr().String()
}

func forward(p net.PacketConn, from net.Addr, server string, content []byte) error {
	c, err := net.Dial("udp", server)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if _, err = c.Write(content); err != nil {
		return err
	}
	answer := make([]byte, 1000)
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, err := c.Read(answer)
	if err == nil {
		_, err = p.WriteTo(answer[:n], from)
	}
	return err
}

// The same over real sockets, where which quote loses what is up to the system.
func TestLossOverSockets(t *testing.T) {
	const requests = 24
	address := relay(t, listen(t, &quote.Server{Quotes: some(8)}))
	var full atomic.Int32
	var all errgroup.Group
	all.SetLimit(8)
	for range requests {
		all.Go(func() error {
			quotes, err := (&quote.Fetcher{Try: 500 * time.Millisecond}).Fetch(t.Context(), quote.UDP, address, quote.MaxQuotes)
			if err != nil {
				requireUnavailable(t, quotes, err)
				return nil
			}
			full.Add(1)
			require.Len(t, quotes, quote.MaxQuotes)
			for _, q := range quotes {
				require.Regexp(t, `^U: Quote \d\.$`, q)
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	t.Logf("%d of %d in full", full.Load(), requests)
	require.GreaterOrEqual(t, int(full.Load()), requests/3) // on a busy machine some more come too late
}
