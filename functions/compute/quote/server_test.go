package quote_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute/quote"
)

func TestTheServerHasOneQuoteAfterAnother(t *testing.T) {
	t.Parallel()
	address := listen(t, &quote.Server{Quotes: some(3)})
	for i := range 10 {
		protocol, mark := quote.TCP, "T"
		if i%2 == 1 {
			protocol, mark = quote.UDP, "U"
		}
		quotes, err := new(quote.Fetcher).Fetch(t.Context(), protocol, address, 1)
		require.NoError(t, err)
		require.Equal(t, []string{fmt.Sprintf("%s: Quote %d.", mark, i%3)}, quotes)
	}
}

func TestServeEndsAtOnceWithItsContext(t *testing.T) {
	t.Parallel()
	l, p, err := quote.Listen(t.Context(), ":0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, (&quote.Server{Quotes: some(1)}).Serve(ctx, l, p))
	require.ErrorIs(t, l.Close(), net.ErrClosed)
	require.ErrorIs(t, p.Close(), net.ErrClosed)
}

func TestServeWithoutQuotes(t *testing.T) {
	t.Parallel()
	l, p, err := quote.Listen(t.Context(), ":0")
	require.NoError(t, err)
	require.EqualError(t, new(quote.Server).Serve(t.Context(), l, p), "there are no quotes")
	require.ErrorIs(t, l.Close(), net.ErrClosed)
	require.ErrorIs(t, p.Close(), net.ErrClosed)
}

// If one of TCP and UDP fails, so does the server, rather than serve by halves.
func TestServeReportsWhatFails(t *testing.T) {
	t.Parallel()
	for _, which := range []string{quote.TCP, quote.UDP} {
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("broken")
			l, p := newMemory(), newMemory()
			served := make(chan error)
			go func() { served <- (&quote.Server{Quotes: some(1)}).Serve(t.Context(), l, p) }()
			map[string]*memory{quote.TCP: l, quote.UDP: p}[which].errs <- broken
			require.ErrorIs(t, <-served, broken)
			<-l.closed
			<-p.closed
		})
	}
}

func TestServeOutlivesPassingErrors(t *testing.T) {
	t.Parallel()
	for _, passing := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		synctest.Test(t, func(t *testing.T) {
			l, p := newMemory(), newMemory()
			stop := serve(&quote.Server{Quotes: some(1)}, l, p)
			for range 5 {
				l.errs <- &net.OpError{Op: "accept", Err: passing}
				p.errs <- &net.OpError{Op: "read", Err: passing}
			}
			requireQuote(t, l.dial())
			p.asked <- &net.UDPAddr{Port: 50_000}
			require.Equal(t, ":50000 U: Quote 0.\r\n", <-p.told)
			require.NoError(t, stop())
		})
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	t.Run("one port for both, on loopback unless told otherwise", func(t *testing.T) {
		t.Parallel()
		for address, host := range map[string]string{":0": "127.0.0.1", "127.0.0.1:0": "127.0.0.1", "0.0.0.0:0": "::"} {
			l, p, err := quote.Listen(t.Context(), address)
			require.NoError(t, err)
			require.Equal(t, l.Addr().(*net.TCPAddr).Port, p.LocalAddr().(*net.UDPAddr).Port)
			for _, ip := range []net.IP{l.Addr().(*net.TCPAddr).IP, p.LocalAddr().(*net.UDPAddr).IP} {
				require.Equal(t, host == "127.0.0.1", ip.IsLoopback(), "%s: %s", address, ip)
			}
			require.NoError(t, errors.Join(l.Close(), p.Close()))
		}
	})
	t.Run("a port that is taken, by either", func(t *testing.T) {
		t.Parallel()
		l, p, err := quote.Listen(t.Context(), ":0")
		require.NoError(t, err)
		defer func() { _ = p.Close() }()
		_, _, err = quote.Listen(t.Context(), l.Addr().String())
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		require.NoError(t, l.Close())
		for range 2 { // it does not keep TCP's half when UDP's is taken
			_, _, err = quote.Listen(t.Context(), l.Addr().String())
			require.ErrorContains(t, err, "listen udp")
			require.ErrorIs(t, err, syscall.EADDRINUSE)
		}
	})
	t.Run("no address", func(t *testing.T) {
		t.Parallel()
		_, _, err := quote.Listen(t.Context(), "127.0.0.1")
		require.Error(t, err)
	})
}

func TestParse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", quote.MaxQuote)
	for name, c := range map[string]struct {
		text   string
		quotes []string
		err    string
	}{
		"lines":          {"a b\nc\n", []string{"a b", "c"}, ""},
		"without an end": {"a\nc", []string{"a", "c"}, ""},
		"of Windows":     {"a\r\n\r\nc\r\n", []string{"a", "c"}, ""},
		"comments":       {"# a\n\n  # b\nc # d\n", []string{"c # d"}, ""},
		"white space":    {" \t a \t\n", []string{"a"}, ""},
		"the longest":    {"a\n" + long + "\r\n", []string{"a", long}, ""},
		"too long":       {"# a\n\nb\n" + long + "x\n", nil, "line 4: a quote has at most 506 bytes, not 507"},
		"not UTF-8":      {"a\nb\xff\n", nil, "line 2: not UTF-8"},
		"empty":          {"", nil, "there are no quotes"},
		"comments only":  {"# a\n \n", nil, "there are no quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quotes, err := quote.Parse([]byte(c.text))
			require.Equal(t, c.quotes, quotes)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.err)
			}
		})
	}
}

const quotesFile = "../../../testdata/quotes.txt"

// The bundle's quotes keep to what RFC 865 recommends, each with its mark and its end.
func TestTheBundlesQuotes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(quotesFile)
	require.NoError(t, err)
	quotes, err := quote.Parse(text)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(quotes), 30)
	seen := map[string]bool{}
	for _, q := range quotes {
		require.Less(t, len("T: "+q+"\r\n"), 512)
		require.Regexp(t, `^[ -~]+ \([ -~]+\)$`, q, "ASCII, and who said it")
		require.False(t, seen[q], q)
		seen[q] = true
	}
}
