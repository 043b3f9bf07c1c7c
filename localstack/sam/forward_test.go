package sam_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/localstack/sam"
)

// The whole way from a function to DynamoDB: 127.0.0.1, the socket, 127.0.0.1.
func TestForward(t *testing.T) {
	t.Parallel()
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body) // to its end, before the answer begins
		_, _ = w.Write(text)
	}))
	t.Cleanup(far.Close)
	socket := filepath.Join(t.TempDir(), sam.Socket)
	forward(t, "unix", socket, "tcp", far.Listener.Addr().String())
	near := forward(t, "tcp", "127.0.0.1:0", "unix", socket)

	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	for _, text := range []string{"once", strings.Repeat("and again ", 100_000)} {
		answer, err := client.Post("http://"+near, "text/plain", strings.NewReader(text))
		require.NoError(t, err)
		echo, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, text, string(echo))
	}
}

func TestForwardNobodyThere(t *testing.T) {
	t.Parallel()
	near := forward(t, "tcp", "127.0.0.1:0", "unix", filepath.Join(t.TempDir(), sam.Socket))
	connection, err := net.Dial("tcp", near)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	_, err = connection.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

// forward listens until the test ends, and returns where.
func forward(t *testing.T, network, address, toNetwork, toAddress string) string {
	t.Helper()
	l, err := net.Listen(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go sam.Forward(t.Context(), l, toNetwork, toAddress)
	return l.Addr().String()
}
