package rpc_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/rpc"
	"lockstep/shared/proto/toystore/v1/toystorev1connect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Paths of the procedures.
const (
	query = "/toystore.v1.ToyStore/Query"
	buy   = "/toystore.v1.ToyStore/Buy"
)

// stocked is a service with twelve Tuxes, and Foxes that are out of stock.
func stocked(t testing.TB) *toystore.Service {
	t.Helper()
	memory := toystore.NewMemory()
	for _, toy := range []toystore.Toy{{Name: "Tux", Price: 2599, Stock: 12}, {Name: "Fox", Price: 1950}} {
		require.NoError(t, memory.Put(context.Background(), toy))
	}
	return &toystore.Service{Store: memory}
}

// MustServe serves the service on 127.0.0.1 over HTTP/1.1 and h2c, and returns host:port.
func MustServe(t testing.TB, service *toystore.Service, workers int) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: rpc.Handler(service, workers), Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
	return listener.Addr().String()
}

// client is an HTTP client with connections of its own.
func client(t testing.TB, http2 bool) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// dialects are the protocols as connect-go speaks them.
var dialects = map[string]struct {
	http2   bool
	options []connect.ClientOption
}{
	"gRPC":             {true, []connect.ClientOption{connect.WithGRPC()}},
	"gRPC JSON":        {true, []connect.ClientOption{connect.WithGRPC(), connect.WithProtoJSON()}},
	"gRPC-Web":         {false, []connect.ClientOption{connect.WithGRPCWeb()}},
	"gRPC-Web, HTTP/2": {true, []connect.ClientOption{connect.WithGRPCWeb()}},
	"Connect":          {false, nil},
	"Connect, HTTP/2":  {true, nil},
	"Connect JSON":     {false, []connect.ClientOption{connect.WithProtoJSON()}},
	"Connect, gzip":    {false, []connect.ClientOption{connect.WithSendGzip()}},
}

// speak is a client of the server at address in one of the dialects.
func speak(t testing.TB, address, dialect string) toystorev1connect.ToyStoreClient {
	d := dialects[dialect]
	return toystorev1connect.NewToyStoreClient(client(t, d.http2), "http://"+address, d.options...)
}

// MustDial returns a stock grpc-go connection.
func MustDial(t testing.TB, address string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// double is a store that does what a test says.
type double struct {
	toystore.Store
	toy func(context.Context) (toystore.Toy, error)
	buy func(context.Context, toystore.Purchase) (toystore.Sale, error)
}

func (d double) Toy(ctx context.Context, _ string) (toystore.Toy, error) { return d.toy(ctx) }

func (d double) Buy(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	return d.buy(ctx, p)
}

// failing is a service whose queries fail with err.
func failing(err error) *toystore.Service {
	return &toystore.Service{Store: double{toy: func(context.Context) (toystore.Toy, error) { return toystore.Toy{}, err }}}
}
