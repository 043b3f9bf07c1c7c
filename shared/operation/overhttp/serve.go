package overhttp

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"lockstep/shared/operation"
)

// Grace is how long requests under way may take to finish once a server stops.
const Grace = 10 * time.Second

// stopping is the key of the context that ends when the server is to stop.
type stopping struct{}

// protocols are HTTP/1 and, for gRPC, HTTP/2 without TLS.
func protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

// Serve answers on l until ctx is done, then takes no more requests, ends streams,
// lets other requests under way finish for up to Grace, and returns nil.
func Serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), stopping{}, ctx)
		},
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		Protocols:         protocols(),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: operation.DefaultConcurrency},
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), Grace)
		defer cancel()
		stopped <- server.Shutdown(grace)
	})
	err := server.Serve(l)
	if stop() { // it ended by itself
		return err
	}
	if err := <-stopped; err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
