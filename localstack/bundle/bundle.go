// Package bundle runs every operation of every service in one process, and the
// page beside them.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"lockstep/shared/operation/overhttp"
)

// Config says what to start. The environment names stand in for the flags, so that
// `make run` needs none.
type Config struct {
	Host      string        `default:"127.0.0.1" env:"HOST" help:"The address to listen on."`
	PagePort  int           `default:"8080" env:"PAGE_PORT" help:"The port of the page; 0 takes a free one."`
	LocksPort int           `default:"8081" env:"LOCKS_PORT" help:"The port of the locks service; 0 takes a free one."`
	Store     string        `default:"memory" enum:"memory,dynamodb" env:"STORE" help:"Where the state is: ${enum} (at AWS_ENDPOINT_URL_DYNAMODB)."`
	ReadTime  time.Duration `default:"100ms" env:"READ_TIME" help:"How long reading a resource takes."`
	Web       string        `default:"build/web" env:"WEB" help:"The folder with the page's files."`
}

// Bundle is a running bundle.
type Bundle struct {
	PageURL  string
	LocksURL string

	stop    context.CancelFunc
	stopped chan error // one for each server
	servers int
}

// Start starts everything on ports that it takes first, so that a taken one stops
// it before anything runs.
func Start(ctx context.Context, c Config) (*Bundle, error) {
	ctx, stop := context.WithCancel(ctx)
	locks, err := openLocks(ctx, c)
	if err != nil {
		stop()
		return nil, err
	}
	b := &Bundle{stop: stop, stopped: make(chan error)}
	servers := []struct {
		name, flag string
		port       int
		url        *string
		handler    http.Handler
	}{
		{"page", "PAGE_PORT", c.PagePort, &b.PageURL, page(c.Web, b.services)},
		{"locks", "LOCKS_PORT", c.LocksPort, &b.LocksURL, overhttp.Handler(locks)},
	}
	listeners := make([]net.Listener, len(servers))
	for i, s := range servers {
		if listeners[i], err = new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(s.port))); err != nil {
			for _, l := range listeners[:i] {
				_ = l.Close()
			}
			stop()
			return nil, fmt.Errorf("port %d for %s can't be taken (another port: %s=...): %w", s.port, s.name, s.flag, err)
		}
		*s.url = "http://" + listeners[i].Addr().String()
	}
	for i, s := range servers {
		b.servers++
		go func() { b.stopped <- overhttp.Serve(ctx, listeners[i], s.handler) }()
	}
	return b, nil
}

// services is where a page finds the services.
func (b *Bundle) services() map[string]string { return map[string]string{"locks": b.LocksURL} }

// Wait waits until every server has stopped; if one fails, the others are stopped.
func (b *Bundle) Wait() error {
	var failed error
	for range b.servers {
		if err := <-b.stopped; err != nil {
			failed = errors.Join(failed, err)
			b.stop()
		}
	}
	return failed
}

// Stop stops every server, lets requests under way finish, and waits for that.
func (b *Bundle) Stop() error {
	b.stop()
	return b.Wait()
}

// Run starts everything, prints where, and serves until ctx is done.
func Run(ctx context.Context, c Config, out io.Writer) error {
	b, err := Start(ctx, c)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "page   %s\nlocks  %s\n\nstore: %s; Ctrl-C stops it. Try: build/lockstep simulate --url %s\n", b.PageURL, b.LocksURL, c.Store, b.LocksURL)
	return errors.Join(err, b.Wait())
}
