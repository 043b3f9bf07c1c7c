package rpc_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/rpc"
	toystorev1 "lockstep/shared/proto/toystore/v1"
)

func TestWorkers(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	address := MustServe(t, &toystore.Service{Store: double{
		buy: func(context.Context, toystore.Purchase) (toystore.Sale, error) {
			entered <- struct{}{}
			<-leave
			return toystore.Sale{}, nil
		},
		toy: func(context.Context) (toystore.Toy, error) { return toystore.Toy{}, nil },
	}}, 1)
	conn := MustDial(t, address)
	bought := make(chan error, 1)
	go func() {
		bought <- conn.Invoke(t.Context(), buy, &toystorev1.BuyRequest{Name: "Tux"}, &toystorev1.BuyResponse{})
	}()
	select {
	case <-entered:
	case err := <-bought:
		require.FailNow(t, "the call did not get to the store", "%v", err)
	}

	got := status.Convert(conn.Invoke(t.Context(), query, &toystorev1.QueryRequest{Name: "Tux"}, &toystorev1.QueryResponse{}))
	require.Equal(t, codes.ResourceExhausted, got.Code())
	require.Equal(t, "too many calls at once", got.Message())
	require.Len(t, got.Details(), 1)
	require.Equal(t, time.Second, got.Details()[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())
	for name := range dialects {
		_, err := speak(t, address, name).Query(t.Context(), &toystorev1.QueryRequest{Name: "Tux"})
		require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err), name)
	}
	_, err := grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	require.NoError(t, err, "a busy server is a healthy one")

	close(leave)
	require.NoError(t, <-bought)
	_, err = speak(t, address, "Connect").Query(t.Context(), &toystorev1.QueryRequest{Name: "Tux"})
	require.NoError(t, err, "the slot is free again")
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	address := MustServe(t, stocked(t), 0)
	for name := range dialects { // with gzip it is small on the wire
		_, err := speak(t, address, name).Query(t.Context(), &toystorev1.QueryRequest{Name: strings.Repeat("x", rpc.MaxBytes)})
		require.Equal(t, connect.CodeResourceExhausted, connect.CodeOf(err), name)
		_, err = speak(t, address, name).Query(t.Context(), &toystorev1.QueryRequest{Name: strings.Repeat("x", rpc.MaxBytes-20)})
		require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "%s: this one is read", name)
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	var left time.Duration
	address := MustServe(t, &toystore.Service{Store: double{toy: func(ctx context.Context) (toystore.Toy, error) {
		left = 100 * time.Hour
		if deadline, is := ctx.Deadline(); is {
			left = time.Until(deadline)
		}
		return toystore.Toy{}, nil
	}}}, 0)
	for name := range dialects {
		c := speak(t, address, name)
		_, err := c.Query(t.Context(), &toystorev1.QueryRequest{Name: "Tux"})
		require.NoError(t, err)
		require.LessOrEqual(t, left, rpc.Timeout, name)
		for given, most := range map[time.Duration]time.Duration{20 * time.Second: 20 * time.Second, time.Hour: rpc.Timeout} {
			ctx, cancel := context.WithTimeout(t.Context(), given)
			_, err = c.Query(ctx, &toystorev1.QueryRequest{Name: "Tux"})
			cancel()
			require.NoError(t, err)
			require.LessOrEqual(t, left, most, name)
		}
	}
}

// waiting is a service whose queries end with their context.
func waiting() *toystore.Service {
	return &toystore.Service{Store: double{toy: func(ctx context.Context) (toystore.Toy, error) {
		<-ctx.Done()
		return toystore.Toy{}, ctx.Err()
	}}}
}

func TestTimeIsOver(t *testing.T) {
	logs := logsOf(t)
	for name, body := range map[string]struct{ said, whole string }{
		"InTheStore": {"15", `{"name":"Tux"} `},
		"InTheBody":  {"99", `{"name":"Tux"}`}, // the rest never comes
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &http.Server{Handler: rpc.Handler(waiting(), 0)}
				near, far := net.Pipe()
				go func() { _ = server.Serve(&one{conn: far}) }()
				defer func() { _ = server.Close() }()
				go func() {
					_, _ = io.WriteString(near, "POST "+query+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
						"Connection: close\r\nContent-Length: "+body.said+"\r\n\r\n"+body.whole)
				}()
				begin := time.Now()
				answer, err := io.ReadAll(near)
				require.NoError(t, err)
				require.Equal(t, rpc.Timeout, time.Since(begin), "the bubble's time")
				require.Contains(t, string(answer), "HTTP/1.1 504 ")
				require.Contains(t, string(answer), `"code":"deadline_exceeded"`)
			})
		})
	}
	require.NotContains(t, logs.String(), "internal")
}

// one is a listener of one connection.
type one struct {
	conn  net.Conn
	taken sync.Once
}

func (o *one) Accept() (conn net.Conn, err error) {
	err = io.EOF
	o.taken.Do(func() { conn, err = o.conn, nil })
	return conn, err
}

func (o *one) Close() error   { return nil }
func (o *one) Addr() net.Addr { return o.conn.LocalAddr() }

func TestHungUp(t *testing.T) {
	logs := logsOf(t)
	entered, left := make(chan struct{}), make(chan struct{})
	conn := MustDial(t, MustServe(t, &toystore.Service{Store: double{toy: func(ctx context.Context) (toystore.Toy, error) {
		close(entered)
		<-ctx.Done()
		close(left)
		return toystore.Toy{}, ctx.Err()
	}}}, 0))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	err := conn.Invoke(ctx, query, &toystorev1.QueryRequest{Name: "Tux"}, &toystorev1.QueryResponse{})
	require.Equal(t, codes.Canceled, status.Code(err))
	<-left
	require.Empty(t, logs.String(), "nobody's fault")
}
