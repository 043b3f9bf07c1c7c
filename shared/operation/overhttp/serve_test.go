package overhttp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/operation/overhttp"
)

// telling is a listener that tells when it takes no more connections.
type telling struct {
	net.Listener
	closed chan struct{}
	once   sync.Once
}

func (l *telling) Close() error {
	err := l.Listener.Close()
	l.once.Do(func() { close(l.closed) })
	return err
}

func TestServeFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := &telling{Listener: inner, closed: make(chan struct{})}
	entered, release := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "done")
		if r.Context().Err() != nil {
			t.Error("the end of the server reached a request that was under way")
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- overhttp.Serve(ctx, listener, handler) }()
	client := &http.Client{Transport: &http.Transport{}}
	answered := make(chan string, 1)
	go func() { answered <- get(client, "http://"+inner.Addr().String()) }()

	<-entered
	stop()
	<-listener.closed
	_, err = net.Dial("tcp", inner.Addr().String())
	require.Error(t, err, "a new request must be refused")
	close(release)
	require.Equal(t, "200 done", <-answered)
	require.NoError(t, <-served)
	client.CloseIdleConnections()
}

// get returns the status and the body of a GET, or what went wrong.
func get(client *http.Client, url string) string {
	response, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(response.StatusCode, " ", string(body))
}

func TestServeEndsAtOnceWhenItIsNotWanted(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, overhttp.Serve(ctx, listener, http.NotFoundHandler()))
	_, err = net.Dial("tcp", listener.Addr().String())
	require.Error(t, err, "the port must be free again")
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.ErrorIs(t, overhttp.Serve(t.Context(), listener, http.NotFoundHandler()), net.ErrClosed)
}

// one is a listener with one connection, for a bubble, where there is no network.
type one struct {
	connection chan net.Conn
	closed     chan struct{}
	once       sync.Once
}

func (l *one) Accept() (net.Conn, error) {
	select {
	case c := <-l.connection:
		return c, nil
	case <-l.closed:
		return nil, errors.New("closed")
	}
}

func (l *one) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *one) Addr() net.Addr { return &net.TCPAddr{} }

func TestServeGivesUpOnARequestThatOutlivesTheGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener := &one{connection: make(chan net.Conn, 1), closed: make(chan struct{})}
		near, far := net.Pipe()
		listener.connection <- far
		entered := make(chan struct{})
		handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done() // what ends it is that its connection is closed
		})
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- overhttp.Serve(ctx, listener, handler) }()
		_, err := io.WriteString(near, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		require.NoError(t, err)

		<-entered
		stopped := time.Now()
		stop()
		require.ErrorIs(t, <-served, context.DeadlineExceeded)
		require.Equal(t, overhttp.Grace, time.Since(stopped)) // the bubble's clock: exact
		_, err = bufio.NewReader(near).ReadByte()
		require.ErrorIs(t, err, io.EOF)
	})
}
