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

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"lockstep"
	"lockstep/functions/toystore/lines"
	"lockstep/shared/dynamo"
	"lockstep/shared/operation/overhttp"
	"lockstep/shared/tables"
)

// Config says what to start. The environment names stand in for the flags, so that
// `make run` needs none.
type Config struct {
	Host         string        `default:"127.0.0.1" env:"HOST" help:"The address to listen on."`
	PagePort     int           `default:"8080" env:"PAGE_PORT" help:"The port of the page; 0 takes a free one."`
	LocksPort    int           `default:"8081" env:"LOCKS_PORT" help:"The port of the locks service; 0 takes a free one."`
	ToystorePort int           `default:"8082" env:"TOYSTORE_PORT" help:"The port of the toy store's HTTP, Connect and gRPC; 0 takes a free one."`
	LinesPort    int           `default:"8083" env:"LINES_PORT" help:"The port of the toy store's line protocol (TCP); 0 takes a free one."`
	Store        string        `default:"memory" enum:"memory,dynamodb" env:"STORE" help:"Where the state is: ${enum} (at AWS_ENDPOINT_URL_DYNAMODB)."`
	ReadTime     time.Duration `default:"100ms" env:"READ_TIME" help:"How long reading a resource takes."`
	LockLimit    time.Duration `default:"0s" env:"LOCK_LIMIT" help:"How long a lock of the old API lasts; 0s: until it is freed."`
	Processing   time.Duration `default:"0s" env:"PROCESSING" help:"A time that each request to the toy store takes on top, to load it with."`
	TCPWorkers   int           `name:"tcp-workers" default:"5" env:"TCP_WORKERS" help:"How many requests the toy store's line protocol works on at a time."`
	RPCWorkers   int           `name:"rpc-workers" default:"1000" env:"RPC_WORKERS" help:"How many RPCs the toy store works on at a time."`
	QueryCache   time.Duration `default:"0s" env:"QUERY_CACHE" help:"How long the toy store may answer queries from memory; 0s: never."`
	Web          string        `default:"build/web" env:"WEB" help:"The folder with the page's files."`

	// Options, if not nil, are those of each service's client of DynamoDB: tests watch its
	// calls, or make them fail.
	Options func(service string) []func(*dynamodb.Options) `kong:"-"`
}

// Bundle is a running bundle.
type Bundle struct {
	PageURL      string
	LocksURL     string
	ToystoreURL  string
	LinesAddress string // host and port

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
	toys := &door{name: "toystore", flag: "TOYSTORE_PORT", port: c.ToystorePort}
	line := &door{name: "toystore's lines", flag: "LINES_PORT", port: c.LinesPort}
	doors := []*door{site, lock, toys, line}
	if err := open(ctx, c.Host, doors); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	running, ctx := errgroup.WithContext(ctx)
	b := &Bundle{
		PageURL: site.url(), LocksURL: lock.url(), ToystoreURL: toys.url(), LinesAddress: line.Addr().String(),
		stop: stop, running: running,
	}
	servers, err := openAll(ctx, c, running)
	if err != nil {
		closeAll(doors)
		stop()
		return nil, errors.Join(err, running.Wait())
	}
	for d, handler := range map[*door]http.Handler{
		site: page(c.Web, map[string]string{"locks": b.LocksURL}),
		lock: servers.locks,
		toys: servers.toystore,
	} {
		running.Go(func() error { return overhttp.Serve(ctx, d, handler) })
	}
	running.Go(func() error { return servers.lines.Serve(ctx, line) })
	return b, nil
}

// servers are what answers behind the doors.
type servers struct {
	locks, toystore http.Handler
	lines           *lines.Server
}

func openAll(ctx context.Context, c Config, running *errgroup.Group) (s servers, err error) {
	clients, err := connect(ctx, c)
	if err != nil {
		return s, err
	}
	if s.locks, err = openLocks(ctx, c, clients, running); err != nil {
		return s, err
	}
	s.toystore, s.lines, err = openToystore(ctx, c, clients)
	return s, err
}

// connect returns how a service of that name gets a client of DynamoDB, the tables
// created; nil if the store is in memory.
func connect(ctx context.Context, c Config) (clientOf func(service string) *dynamodb.Client, err error) {
	if c.Store == "memory" {
		return nil, nil
	}
	client, err := dynamo.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err := tables.Create(ctx, client, lockstep.Template); err != nil {
		return nil, err
	}
	return func(service string) *dynamodb.Client {
		if c.Options == nil {
			return client
		}
		return dynamodb.New(client.Options(), c.Options(service)...)
	}, nil
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
	_, err = fmt.Fprintf(out, `page      %s
locks     %s
toystore  %s (HTTP, Connect, gRPC), %s (TCP)

store: %s; Ctrl-C stops it. Try:
  build/lockstep simulate --url %s
  build/lockstep toystore query Tux
`, b.PageURL, b.LocksURL, b.ToystoreURL, b.LinesAddress, c.Store, b.LocksURL)
	return errors.Join(err, b.Wait())
}
