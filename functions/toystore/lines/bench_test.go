package lines_test

import (
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/lines"
)

// round is how long one side of a comparison is measured at a time.
const round = 250 * time.Millisecond

// BenchmarkAgainstRedis compares queries with redis-server's GET: as many a second
// without pipelining, half as many with. The load generator is the same and in this
// process, and so is our server, whereas redis-server has a process of its own: on a
// machine that others keep busy it gets a larger part of the time than we do.
func BenchmarkAgainstRedis(b *testing.B) {
	for name, c := range map[string]struct {
		depth int
		least float64
	}{
		"one at a time": {1, 1},
		"pipelined":     {16, 0.5},
	} {
		b.Run(name, func(b *testing.B) {
			redis := startRedis(b)
			toys := listen(b, &lines.Server{Service: shop(b, atOnce)})
			var ours, theirs, ratio float64
			for b.Loop() {
				ours, theirs, ratio = compare(9, func() float64 {
					return load{toys, "Query: Tux\n", "25.99\n", 50, c.depth}.rate(b, round)
				}, func() float64 {
					return load{redis, "*2\r\n$3\r\nGET\r\n$3\r\nTux\r\n", "$5\r\n25.99\r\n", 50, c.depth}.rate(b, round)
				})
			}
			b.ReportMetric(ours, "queries/s")
			b.ReportMetric(theirs, "gets/s")
			b.ReportMetric(ratio, "ratio")
			require.GreaterOrEqual(b, ratio, c.least)
		})
	}
}

// startRedis returns the address of a redis-server that has the price of Tux.
func startRedis(b *testing.B) string {
	b.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		b.Skip("redis-server is not installed: apt-get install redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(b, l.Close())
	command := exec.CommandContext(b.Context(), path, "--port", strconv.Itoa(port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no")
	require.NoError(b, command.Start())
	b.Cleanup(func() { _ = command.Wait() }) // the end of the context has killed it
	address := l.Addr().String()
	require.Eventually(b, func() bool {
		n, err := load{address, "*3\r\n$3\r\nSET\r\n$3\r\nTux\r\n$5\r\n25.99\r\n", "+OK\r\n", 1, 1}.client(time.Now().Add(time.Millisecond))
		return n > 0 && err == nil
	}, 10*time.Second, 10*time.Millisecond)
	return address
}

// BenchmarkBuyerBesideQueries compares queries beside somebody who buys the same toy
// as fast as possible with queries beside somebody who does in another shop.
func BenchmarkBuyerBesideQueries(b *testing.B) {
	for name, depth := range map[string]int{"one at a time": 1, "pipelined": 16} {
		b.Run(name, func(b *testing.B) {
			here, elsewhere := listen(b, &lines.Server{Service: shop(b, atOnce)}), listen(b, &lines.Server{Service: shop(b, atOnce)})
			queries := func(shop string) func() float64 {
				return func() float64 { return beside(b, here, load{shop, "Buy: Tux\n", "1\n", 1, depth}) }
			}
			var other, same, ratio float64
			for b.Loop() {
				other, same, ratio = compare(9, queries(elsewhere), queries(here))
			}
			b.ReportMetric(same, "same/s")
			b.ReportMetric(other, "other/s")
			b.ReportMetric(ratio, "ratio")
			require.LessOrEqual(b, ratio, 1.1)
		})
	}
}

// beside returns the rate of queries while the buyer buys.
func beside(b *testing.B, address string, buyer load) float64 {
	b.Helper()
	bought := make(chan float64)
	go func() { bought <- buyer.rate(b, round) }()
	rate := load{address, "Query: Tux\n", "25.99\n", 16, 1}.rate(b, round)
	require.Positive(b, <-bought)
	return rate
}

// BenchmarkQueries is for profiles.
func BenchmarkQueries(b *testing.B) {
	for name, depth := range map[string]int{"one at a time": 1, "pipelined": 16} {
		b.Run(name, func(b *testing.B) {
			address := listen(b, &lines.Server{Service: shop(b, atOnce)})
			b.ReportAllocs()
			for b.Loop() {
				b.ReportMetric(load{address, "Query: Tux\n", "25.99\n", 50, depth}.rate(b, time.Second), "queries/s")
			}
		})
	}
}
