package quote_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute/quote"
)

// child starts a server as a process of its own, without the race detector, which takes
// memory. It returns its address, and its process id.
func child(tb testing.TB) (address string, pid int) {
	tb.Helper()
	program := filepath.Join(tb.TempDir(), "server")
	built, err := exec.CommandContext(tb.Context(), "go", "build", "-o", program, "./testdata/server").CombinedOutput()
	require.NoError(tb, err, "%s", built)
	command := exec.Command(program, quotesFile) // which ends with its standard input
	in, err := command.StdinPipe()
	require.NoError(tb, err)
	out, err := command.StdoutPipe()
	require.NoError(tb, err)
	command.Stderr = os.Stderr
	require.NoError(tb, command.Start())
	address, err = bufio.NewReader(out).ReadString('\n')
	tb.Cleanup(func() {
		require.NoError(tb, in.Close())
		require.NoError(tb, command.Wait())
	})
	require.NoError(tb, err)
	return strings.TrimSpace(address), command.Process.Pid
}

var peak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakOf returns how many kB of memory a process had at most.
func peakOf(tb testing.TB, pid int) int {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(tb, err)
	found := peak.FindSubmatch(status)
	require.NotNil(tb, found)
	kB, err := strconv.Atoi(string(found[1]))
	require.NoError(tb, err)
	return kB
}

// hold opens connections that neither read, say anything nor close.
func hold(tb testing.TB, address string, n int) []*net.TCPConn {
	tb.Helper()
	held := make([]*net.TCPConn, n)
	for i := range held {
		held[i] = dial(tb, "tcp", address).(*net.TCPConn)
	}
	return held
}

// flood sends n datagrams, and reads no answer. It sends up to 25 every 5 ms: 5,000 a
// second, or as many of that as the machine can.
func flood(tb testing.TB, address string, n int) <-chan struct{} {
	tb.Helper()
	c := dial(tb, "udp", address)
	done := make(chan struct{})
	go func() {
		defer close(done)
		turn := time.NewTicker(5 * time.Millisecond)
		defer turn.Stop()
		for i := range n {
			if i%25 == 0 {
				<-turn.C
			}
			_, _ = c.Write([]byte{'\n'})
		}
	}()
	return done
}

// Under 5,000 datagrams a second and 1,000 held connections the server takes at most
// 64 MB, and serves others.
func TestAFloodAndHeldConnections(t *testing.T) {
	address, pid := child(t)
	idle := peakOf(t, pid)
	held := hold(t, address, 1000)
	flooded := flood(t, address, 10_000)
	fetched := 0
	for during := true; during || fetched < 10; fetched++ {
		select {
		case <-flooded:
			during = false
		default:
		}
		for _, protocol := range []string{quote.TCP, quote.UDP} {
			quotes, err := new(quote.Fetcher).Fetch(t.Context(), protocol, address, quote.MaxQuotes)
			require.NoError(t, err)
			require.Len(t, quotes, quote.MaxQuotes)
		}
	}
	require.LessOrEqual(t, peakOf(t, pid), 64<<10)
	t.Logf("%d kB of memory, %d when idle; %d times 16 quotes fetched meanwhile", peakOf(t, pid), idle, fetched)
	for _, c := range held { // each has had its quote
		answer, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Regexp(t, `^T: .+\r\n$`, string(answer))
	}
}
