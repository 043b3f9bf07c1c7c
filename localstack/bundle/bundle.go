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

	"golang.org/x/sync/errgroup"

	"lockstep/shared/dynamo"
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
	LockLimit time.Duration `default:"0s" env:"LOCK_LIMIT" help:"How long a lock of the old API lasts; 0s: until it is freed."`
	Web       string        `default:"build/web" env:"WEB" help:"The folder with the page's files."`

	// Observe, if not nil, is told every call to DynamoDB, and for which operation.
	Observe func(operation string, c dynamo.Call) `kong:"-"`
}

// Bundle is a running bundle.
type Bundle struct {
	PageURL  string
	LocksURL string

	stop    context.CancelFunc
	running *errgroup.Group
}

// door is where a server is reached, before it serves.
type door struct {
	name string // of the service
	flag string // the environment's name for its port
	port int
	net.Listener
}

func (d *door) url() string { return "http://" + d.Addr().String() }

// Start starts everything. It takes the ports first, so that a taken one stops it
// before anything runs.
func Start(ctx context.Context, c Config) (*Bundle, error) {
	site := &door{name: "page", flag: "PAGE_PORT", port: c.PagePort}
	lock := &door{name: "locks", flag: "LOCKS_PORT", port: c.LocksPort}
	doors := []*door{site, lock}
	if err := open(ctx, c.Host, doors); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	running, ctx := errgroup.WithContext(ctx)
	b := &Bundle{PageURL: site.url(), LocksURL: lock.url(), stop: stop, running: running}
	operations, err := openLocks(ctx, c, running)
	if err != nil {
		closeAll(doors)
		stop()
		return nil, errors.Join(err, running.Wait())
	}
	for d, handler := range map[*door]http.Handler{
		site: page(c.Web, map[string]string{"locks": b.LocksURL}),
		lock: overhttp.Handler(operations),
	} {
		running.Go(func() error { return overhttp.Serve(ctx, d, handler) })
	}
	return b, nil
}

// open takes the ports of all doors, or of none.
func open(ctx context.Context, host string, doors []*door) (err error) {
	for i, d := range doors {
		d.Listener, err = new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(d.port)))
		if err != nil {
			closeAll(doors[:i])
			return fmt.Errorf("port %d for %s can't be taken (another port: %s=...): %w", d.port, d.name, d.flag, err)
		}
	}
	return nil
}

func closeAll(doors []*door) {
	for _, d := range doors {
		_ = d.Close()
	}
}

// Wait waits until everything has stopped; if one part fails, the others are stopped.
func (b *Bundle) Wait() error { return b.running.Wait() }

// Stop stops everything, lets requests under way finish, and waits for that.
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
