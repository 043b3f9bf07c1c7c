package quote_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute/quote"
	"lockstep/shared/failure"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	address := listen(t, &quote.Server{Quotes: some(40)})
	for protocol, mark := range map[string]string{quote.TCP: "T: ", quote.UDP: "U: "} {
		for _, n := range []int{1, 3, 8} {
			quotes, err := new(quote.Fetcher).Fetch(t.Context(), protocol, address, n)
			require.NoError(t, err)
			require.Len(t, quotes, n)
			slices.Sort(quotes)
			require.Len(t, slices.Compact(quotes), n, "the server has one after another")
			for _, q := range quotes {
				require.Regexp(t, "^"+mark+`Quote \d+\.$`, q)
			}
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		protocol string
		n        int
		field    string
	}{
		"no protocol":      {"", 1, "protocol"},
		"another protocol": {"unix", 1, "protocol"},
		"another spelling": {"TCP", 1, "protocol"},
		"no quotes":        {quote.TCP, 0, "concurrency"},
		"too many":         {quote.UDP, 9, "concurrency"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quotes, err := new(quote.Fetcher).Fetch(t.Context(), c.protocol, nowhere, c.n)
			require.Nil(t, quotes)
			var f *failure.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, failure.Error{Code: failure.Invalid, Field: c.field, Message: "invalid field " + c.field}, *f)
		})
	}
}

// ways are those in which a try fails, by their names.
var ways = map[string]struct {
	protocol string
	server   func(c net.Conn)
}{
	"tcp, silence":             {quote.TCP, untilClosed},
	"tcp, closed at once":      {quote.TCP, func(net.Conn) {}},
	"tcp, white space":         {quote.TCP, func(c net.Conn) { _, _ = io.WriteString(c, " \r\n\x00") }},
	"tcp, never closed":        {quote.TCP, func(c net.Conn) { _, _ = io.WriteString(c, "Half a quo"); untilClosed(c) }},
	"tcp, a line, not closed":  {quote.TCP, func(c net.Conn) { _, _ = io.WriteString(c, "A line.\r\n"); untilClosed(c) }},
	"tcp, without an end":      {quote.TCP, endless},
	"udp, silence":             {quote.UDP, untilClosed},
	"udp, an empty datagram":   {quote.UDP, func(c net.Conn) { hear(c); _, _ = c.Write(nil) }},
	"udp, white space":         {quote.UDP, func(c net.Conn) { hear(c); _, _ = io.WriteString(c, "\r\n") }},
	"udp, more than is wanted": {quote.UDP, func(c net.Conn) { hear(c); _, _ = c.Write(make([]byte, quote.MaxAnswer+1)) }},
}

func endless(c net.Conn) {
	for err := error(nil); err == nil; _, err = io.WriteString(c, "and so on, ") {
	}
}

func answer(c net.Conn, protocol string) {
	if protocol == quote.UDP {
		hear(c)
	}
	_, _ = io.WriteString(c, "A quote.\r\n")
}

// A quote is tried for three times, each for up to 2 s, whatever goes wrong with a try.
func TestATryThatFails(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		for _, fails := range []int32{1, 2, 3} {
			synctest.Test(t, func(t *testing.T) {
				var tries atomic.Int32
				f := &quote.Fetcher{Dial: speak(func(c net.Conn) {
					if tries.Add(1) <= fails {
						way.server(c)
					} else {
						answer(c, way.protocol)
					}
				})}
				begin := time.Now()
				quotes, err := f.Fetch(t.Context(), way.protocol, nowhere, 1)
				require.LessOrEqual(t, time.Since(begin), time.Duration(fails)*(quote.DefaultTry+100*time.Millisecond), name)
				require.Equal(t, min(fails+1, 3), tries.Load(), name)
				if fails < 3 {
					require.NoError(t, err, name)
					require.Equal(t, []string{"A quote."}, quotes, name)
				} else {
					requireUnavailable(t, quotes, err)
				}
			})
		}
	}
}

func TestATryLastsAsLongAsItIsSet(t *testing.T) {
	t.Parallel()
	for set, want := range map[time.Duration]time.Duration{0: 2 * time.Second, time.Second: time.Second, time.Hour: time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			lasted := make(chan time.Duration, quote.Tries)
			f := &quote.Fetcher{Try: set, Dial: speak(func(c net.Conn) {
				begin := time.Now()
				untilClosed(c)
				lasted <- time.Since(begin)
			})}
			quotes, err := f.Fetch(t.Context(), quote.TCP, nowhere, 1)
			requireUnavailable(t, quotes, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			for range quote.Tries {
				require.Equal(t, want, <-lasted)
			}
		})
	}
}

// Tries that fail at once leave a server a moment to start in, not all the same one.
func TestTriesAreApart(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 20 {
			var times []time.Time
			f := &quote.Fetcher{Dial: func(context.Context, string, string) (net.Conn, error) {
				times = append(times, time.Now())
				return nil, refused
			}}
			quotes, err := f.Fetch(t.Context(), quote.UDP, nowhere, 1)
			requireUnavailable(t, quotes, err)
			require.ErrorIs(t, err, refused)
			require.Len(t, times, quote.Tries)
			for i := range times[1:] {
				apart := times[i+1].Sub(times[i])
				require.GreaterOrEqual(t, apart, 50*time.Millisecond)
				require.LessOrEqual(t, apart, 100*time.Millisecond)
				seen[apart] = true
			}
		}
		require.Greater(t, len(seen), 10)
	})
}

// When one quote fails for good, the others are given up, and none is returned.
func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dialled, open atomic.Int32
		f := &quote.Fetcher{Try: time.Hour, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			k := dialled.Add(1)
			if k == 2 || k > 8 { // one of them, and the further tries, which are its own
				return nil, errors.New("refused")
			}
			open.Add(1)
			return speak(func(c net.Conn) {
				defer open.Add(-1)
				if k > 4 {
					answer(c, quote.TCP)
				} else {
					untilClosed(c)
				}
			})(ctx, network, address)
		}}
		begin := time.Now()
		quotes, err := f.Fetch(t.Context(), quote.TCP, nowhere, 8)
		requireUnavailable(t, quotes, err)
		require.Less(t, time.Since(begin), time.Second)
		synctest.Wait()
		require.Zero(t, open.Load())
		require.EqualValues(t, 8+2, dialled.Load())
	})
}

// The caller may give up at any time, also amid a pause: then it is the caller's error.
func TestTheCallerGivesUp(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	for _, after := range []time.Duration{0, time.Second, 2*time.Second + time.Millisecond, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), after, enough)
			defer cancel()
			begin := time.Now()
			quotes, err := (&quote.Fetcher{Dial: speak(untilClosed)}).Fetch(ctx, quote.UDP, nowhere, 8)
			require.ErrorIs(t, err, enough)
			require.Nil(t, quotes)
			require.Equal(t, after, time.Since(begin))
		})
	}
}
