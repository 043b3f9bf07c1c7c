package overhttp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/operation"
	"lockstep/shared/operation/overhttp"
)

func getStream(t *testing.T, fn operation.StreamFunc[struct{}]) *http.Response {
	t.Helper()
	s := httptest.NewServer(overhttp.Handler([]operation.Operation{operation.NewStream("x", "GET /x", fn)}))
	t.Cleanup(s.Close)
	answer, err := s.Client().Get(s.URL + "/x")
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// The second line is only made once the first was read.
func TestLinesAreSentAsTheyCome(t *testing.T) {
	t.Parallel()
	read := make(chan struct{})
	answer := getStream(t, func(ctx context.Context, _ struct{}, send func(any) error) error {
		if err := send(1); err != nil {
			return err
		}
		select {
		case <-read:
		case <-ctx.Done():
			return ctx.Err()
		}
		return send(2)
	})
	require.Equal(t, "application/x-ndjson", answer.Header.Get("Content-Type"))
	lines := bufio.NewReader(answer.Body)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "1\n", line)
	close(read)
	line, err = lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "2\n", line)
	_, err = lines.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

func TestABrokenStreamBreaksTheConnection(t *testing.T) {
	t.Parallel()
	answer := getStream(t, func(_ context.Context, _ struct{}, send func(any) error) error {
		_ = send(1)
		panic("a bug")
	})
	body, err := io.ReadAll(answer.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, "1\n", string(body))
}

// A stream may be long; a server that stops does not wait for it.
func TestAStreamEndsWithItsServer(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	endless := func(ctx context.Context, _ struct{}, send func(any) error) error {
		if err := send(1); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- overhttp.Serve(ctx, l, overhttp.Handler([]operation.Operation{operation.NewStream("x", "GET /x", endless)}))
	}()
	answer, err := http.Get("http://" + l.Addr().String() + "/x")
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	_, err = bufio.NewReader(answer.Body).ReadString('\n')
	require.NoError(t, err)
	stop()
	require.NoError(t, <-served)
}
