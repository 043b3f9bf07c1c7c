package lines_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// load asks the same over and over, on several connections, each with so many requests
// at a time. It knows no protocol but that every answer has the same bytes.
type load struct {
	address         string
	request, answer string
	conns, depth    int
}

// rate returns the answers a second, counted for so long.
func (l load) rate(tb testing.TB, long time.Duration) float64 {
	tb.Helper()
	var answers atomic.Int64
	var clients sync.WaitGroup
	errs := make(chan error, l.conns)
	begin := time.Now()
	for range l.conns {
		clients.Go(func() {
			n, err := l.client(begin.Add(long))
			answers.Add(n)
			errs <- err
		})
	}
	clients.Wait()
	took := time.Since(begin)
	for range l.conns {
		require.NoError(tb, <-errs)
	}
	return float64(answers.Load()) / took.Seconds()
}

func (l load) client(until time.Time) (answers int64, err error) {
	c, err := net.Dial("tcp", l.address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	requests := bytes.Repeat([]byte(l.request), l.depth)
	want := bytes.Repeat([]byte(l.answer), l.depth)
	got := make([]byte, len(want))
	for time.Now().Before(until) {
		if _, err := c.Write(requests); err != nil {
			return answers, err
		}
		if _, err := io.ReadFull(c, got); err != nil {
			return answers, err
		}
		if !bytes.Equal(want, got) {
			return answers, fmt.Errorf("asked %q and got %q", l.request, got)
		}
		answers += int64(l.depth)
	}
	return answers, nil
}

// compare measures two loads in short rounds that take turns, so that whatever else the
// machine does meets both, and returns the medians of their rates and of the ratios a/b.
func compare(rounds int, a, b func() float64) (ofA, ofB, ratio float64) {
	var as, bs, ratios []float64
	for range rounds {
		nowA, nowB := a(), b()
		as, bs, ratios = append(as, nowA), append(bs, nowB), append(ratios, nowA/nowB)
	}
	return median(as), median(bs), median(ratios)
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
