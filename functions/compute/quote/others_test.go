//go:build unix

package quote_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute/quote"
	"lockstep/shared/need"
)

// MustFind returns the path of a program, or skips.
func MustFind(t *testing.T, program, how string) string {
	t.Helper()
	path, _ := exec.LookPath(program) // without it there is no file, which is what need.File says
	return need.File(t, program, path, how)
}

// socat serves a file over TCP or UDP, as quote servers are made with it, and returns
// its address.
func socat(t *testing.T, protocol, file string) string {
	t.Helper()
	path := MustFind(t, "socat", "apt-get install socat")
	l, p, err := quote.Listen(t.Context(), "127.0.0.1:0") // to find a free port
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.NoError(t, p.Close())
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	listening, ready := "TCP-LISTEN:"+port+",fork,reuseaddr,bind=127.0.0.1", "listening on"
	if protocol == quote.UDP {
		listening, ready = "UDP-RECVFROM:"+port+",fork,reuseaddr,bind=127.0.0.1", "starting recvfrom loop"
	}
	command := exec.CommandContext(t.Context(), path, "-d", "-d", "-d", listening, "SYSTEM:cat "+file)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log, err := command.StderrPipe()
	require.NoError(t, err)
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) } // with those that it has forked
	require.NoError(t, command.Start())
	heard := make(chan bool)
	go func() {
		lines := bufio.NewScanner(log)
		for said := false; lines.Scan(); {
			if !said && strings.Contains(lines.Text(), ready) {
				said = true
				heard <- true
			}
		}
		close(heard)
	}()
	t.Cleanup(func() {
		for range heard { // to the end of what it says: the test's context has ended
		}
		_ = command.Wait()
	})
	require.True(t, <-heard, "socat has ended")
	return l.Addr().String()
}

// A quote server that nobody here wrote.
func TestFetchFromSocat(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "quote")
	require.NoError(t, os.WriteFile(file, []byte("The die is cast.\n\t-- Caesar\n"), 0o600))
	for _, protocol := range []string{quote.TCP, quote.UDP} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			address := socat(t, protocol, file)
			for _, n := range []int{1, 8} {
				quotes, err := new(quote.Fetcher).Fetch(t.Context(), protocol, address, n)
				require.NoError(t, err)
				require.Equal(t, slices.Repeat([]string{"The die is cast.\n\t-- Caesar"}, n), quotes)
			}
		})
	}
}

// A client that nobody here wrote, which over TCP may have something to say.
func TestNetcat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags       []string
		says, quote string
	}{
		"tcp":              {nil, "", "T: Quote 0.\r\n"},
		"tcp, which talks": {nil, "GET / HTTP/1.1\r\n\r\n", "T: Quote 0.\r\n"},
		"tcp, half closed": {[]string{"-N"}, "", "T: Quote 0.\r\n"},
		"udp":              {[]string{"-u", "-W", "1"}, "\n", "U: Quote 0.\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := MustFind(t, "nc", "apt-get install netcat-openbsd")
			host, port, err := net.SplitHostPort(listen(t, &quote.Server{Quotes: some(1)}))
			require.NoError(t, err)
			command := exec.CommandContext(t.Context(), path, append(c.flags, host, port)...)
			command.Stdin = strings.NewReader(c.says)
			said, err := command.Output()
			require.NoError(t, err)
			require.Equal(t, c.quote, string(said))
		})
	}
}
