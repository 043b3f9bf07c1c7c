package lines_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore/lines"
)

func TestStopFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		stop := serve(&lines.Server{Service: shop(t, delayed([]int{1000})), Workers: 1, Queue: 2}, l)
		busy, idle := l.dial(), l.dial()
		read := pour(busy, "Buy: Tux\n", 100)
		synctest.Wait()
		stopped := make(chan error)
		go func() { stopped <- stop() }()
		idle.hearEnd(t)
		for range 1 + 2 { // at work and in the queue
			require.Equal(t, "1\n", busy.hear(t))
		}
		busy.hearEnd(t)
		require.NoError(t, <-stopped)
		synctest.Wait()
		require.EqualValues(t, 1+2+1, read.Load(), "reading has stopped")
		_, err := l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestStopGivesUpWhatOutlivesTheGrace(t *testing.T) {
	t.Parallel()
	for name, cancellable := range map[string]bool{"in a store that can be cancelled": true, "in one that cannot": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				hold, open := gate()
				defer open()
				l := newPipes()
				stop := serve(&lines.Server{Service: shop(t, func(ctx context.Context, toy string) error {
					if !cancellable {
						return hold(ctx, toy)
					}
					<-ctx.Done()
					return ctx.Err()
				})}, l)
				c := l.dial()
				c.tell(t, "Query: Tux\nQuery: Tux\n")
				synctest.Wait()
				begin := time.Now()
				require.ErrorIs(t, stop(), context.DeadlineExceeded)
				require.Equal(t, lines.Grace, time.Since(begin)) // the bubble's clock: exact
				_, err := io.Copy(io.Discard, c)
				require.NoError(t, err, "the connection is closed")
			})
		})
	}
}

// A client that is amid sending sends the rest, reads its answers, then the end: not a
// reset, which could take answers with it.
func TestStopDoesNotResetConnections(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	begun := make(chan struct{}, 1)
	hold, open := gate()
	stop := serve(&lines.Server{Workers: 1, Queue: 1, Service: shop(t, func(ctx context.Context, toy string) error {
		select {
		case begun <- struct{}{}:
		default:
		}
		return hold(ctx, toy)
	})}, l)
	stopped := make(chan error, 1)
	go func() {
		<-begun
		ended := make(chan error)
		go func() { ended <- stop() }()
		open()
		stopped <- <-ended
	}()
	answers := talk(t, l.Addr().String(), strings.Repeat("Query: Tux\n", 500_000))
	require.Empty(t, strings.ReplaceAll(answers, "25.99\n", ""))
	require.NotEmpty(t, answers)
	require.NoError(t, <-stopped)
}

func TestServeEndsAtOnceWhenItIsNotWanted(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, (&lines.Server{Service: shop(t, atOnce)}).Serve(ctx, l))
	_, err = net.Dial("tcp", l.Addr().String())
	require.Error(t, err, "the port must be free again")
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		l := newPipes()
		served := make(chan error)
		go func() { served <- (&lines.Server{Service: shop(t, delayed([]int{1000}))}).Serve(t.Context(), l) }()
		c := l.dial()
		c.tell(t, "Query: Tux\n")
		synctest.Wait()
		l.errs <- broken
		require.Equal(t, "25.99\n", c.hear(t), "what was accepted is finished all the same")
		require.ErrorIs(t, <-served, broken)
	})
}

func TestServeOutlivesPassingErrorsOfItsListener(t *testing.T) {
	t.Parallel()
	for _, passing := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED} {
		synctest.Test(t, func(t *testing.T) {
			l := newPipes()
			stop := serve(&lines.Server{Service: shop(t, atOnce), MaxConns: 1}, l)
			l.errs <- &net.OpError{Op: "accept", Err: passing}
			require.Equal(t, "25.99\n", l.dial().ask(t, "Query: Tux"))
			require.NoError(t, stop())
		})
	}
}
