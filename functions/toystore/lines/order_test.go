package lines_test

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lockstep/functions/toystore/lines"
)

// said is what lines answer, one by one.
var said = map[string]string{
	"Query: Tux\n": "25.99\n", "Query: Tux\r\n": "25.99\n", "query:Fox\n": "0\n", "Buy: Tux\n": "1\n", "BUY : Fox\r\n": "0\n",
	"Query: Cat\n": "-1\n", "\n": noRequest, "\r\n": noRequest, "no: no\n": noMethod, "Buy: \x00\n": controlled,
	padded(1024) + "\r\n": "25.99\n", "Query: a:b\n": "1.00\n",
}

// However the stream is cut, however long each request takes and however many workers
// there are: the answers are those of the lines one by one, in their order.
func TestAnswersKeepTheOrder(t *testing.T) {
	t.Parallel()
	every := slices.Sorted(maps.Keys(said))
	rapid.Check(t, func(rt *rapid.T) {
		asked := rapid.SliceOfN(rapid.SampledFrom(every), 1, 3*lines.Window).Draw(rt, "lines")
		delays := rapid.SliceOfN(rapid.IntRange(0, 300), 1, 20).Draw(rt, "delays, ms")
		cuts := rapid.SliceOfN(rapid.IntRange(1, 3000), 1, 20).Draw(rt, "bytes at a time")
		server := &lines.Server{
			Workers: rapid.IntRange(1, 8).Draw(rt, "workers"),
			Queue:   rapid.IntRange(1, 200).Draw(rt, "queue"),
		}
		var want strings.Builder
		for _, line := range asked {
			want.WriteString(said[line])
		}
		var got string
		synctest.Test(t, func(t *testing.T) {
			server.Service = shop(t, delayed(delays))
			got = cutInto(t, server, strings.Join(asked, ""), cuts, want.Len())
		})
		require.Equal(rt, want.String(), got)
	})
}

// delayed makes requests take such times, one after the other.
func delayed(ms []int) func(context.Context, string) error {
	turns := make(chan int, len(ms))
	for _, d := range ms {
		turns <- d
	}
	return func(context.Context, string) error {
		d := <-turns
		turns <- d
		time.Sleep(time.Duration(d) * time.Millisecond) // of the bubble
		return nil
	}
}

// cutInto sends the text in pieces, and returns so many bytes of the answers.
func cutInto(t *testing.T, server *lines.Server, text string, cuts []int, answers int) string {
	t.Helper()
	l := newPipes()
	stop := serve(server, l)
	c := l.dial()
	go func() {
		for i := 0; text != ""; i++ {
			n := min(cuts[i%len(cuts)], len(text))
			_, _ = io.WriteString(c, text[:n])
			text = text[n:]
		}
	}()
	got := make([]byte, answers)
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.NoError(t, stop())
	rest, err := io.ReadAll(c)
	require.NoError(t, err)
	return string(got) + string(rest)
}

// Requests of one connection are worked on at the same time: three of a second each
// take one.
func TestRequestsOfOneConnectionAreWorkedOnTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		stop := serve(&lines.Server{Service: shop(t, delayed([]int{1000})), Workers: 3}, l)
		c, begin := l.dial(), time.Now()
		c.tell(t, "Query: Tux\nQuery: Fox\nQuery: Cat\n")
		require.Equal(t, []string{"25.99\n", "0\n", "-1\n"}, []string{c.hear(t), c.hear(t), c.hear(t)})
		require.Equal(t, time.Second, time.Since(begin)) // the bubble's clock: exact
		require.NoError(t, stop())
	})
}
