// Package bundle runs every operation of every service in one process, and the
// page beside them.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"lockstep"
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
	ComputePort  int           `default:"8084" env:"COMPUTE_PORT" help:"The port of the compute service; 0 takes a free one."`
	ShopPort     int           `default:"8085" env:"SHOP_PORT" help:"The port of the shop; 0 takes a free one."`
	QuotesPort   int           `default:"8086" env:"QUOTES_PORT" help:"The port of the quote server (TCP and UDP); 0 takes a free one."`
	Store        string        `default:"memory" enum:"memory,dynamodb" env:"STORE" help:"Where the state is: ${enum} (at AWS_ENDPOINT_URL_DYNAMODB)."`
	ReadTime     time.Duration `default:"100ms" env:"READ_TIME" help:"How long reading a resource takes."`
	LockLimit    time.Duration `default:"0s" env:"LOCK_LIMIT" help:"How long a lock of the old API lasts; 0s: until it is freed."`
	Processing   time.Duration `default:"0s" env:"PROCESSING" help:"A time that each request to the toy store takes on top, to load it with."`
	TCPWorkers   int           `name:"tcp-workers" default:"5" env:"TCP_WORKERS" help:"How many requests the toy store's line protocol works on at a time."`
	RPCWorkers   int           `name:"rpc-workers" default:"1000" env:"RPC_WORKERS" help:"How many RPCs the toy store works on at a time."`
	QueryCache   time.Duration `default:"0s" env:"QUERY_CACHE" help:"How long the toy store may answer queries from memory; 0s: never."`
	Cores        int           `default:"0" env:"CORES" help:"On how many cores pi is estimated; 0: all."`
	QuoteAddr    string        `default:"" env:"QUOTE_ADDR" help:"Host and port of the quote server to ask; by default, our own."`
	ServerLog    string        `default:"serverinfo.log" env:"SERVER_LOG" help:"The file that logins and what is refused are logged to."`
	LoginStat    string        `default:"login_stat.json" env:"LOGIN_STAT" help:"The file that the number of logins is written to at the end, and with the memory store read from at the start."`
	Web          string        `default:"build/web" env:"WEB" help:"The folder with the page's files."`

	// Options, if not nil, are those of each service's client of DynamoDB: tests watch its
	// calls, or make them fail.
	Options func(service string) []func(*dynamodb.Options) `kong:"-"`
}

// Bundle is a running bundle.
type Bundle struct {
	PageURL       string
	LocksURL      string
	ToystoreURL   string
	LinesAddress  string // host and port
	ComputeURL    string
	ShopURL       string
	QuotesAddress string // host and port, of TCP and UDP

	stop    context.CancelFunc
	running *errgroup.Group
}

// Start starts everything. It takes the ports first, so that a taken one stops it
// before anything runs.
func Start(ctx context.Context, c Config) (*Bundle, error) {
	d, err := openDoors(ctx, c)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	running, ctx := errgroup.WithContext(ctx)
	b := &Bundle{
		PageURL: d.page.url(), LocksURL: d.locks.url(), ToystoreURL: d.toystore.url(), LinesAddress: d.lines.Addr().String(),
		ComputeURL: d.compute.url(), ShopURL: d.shop.url(), QuotesAddress: d.quotes.Addr().String(),
		stop: stop, running: running,
	}
	servers, err := openAll(ctx, c, d, b)
	if err != nil {
		d.close()
		stop()
		return nil, errors.Join(err, running.Wait())
	}
	for _, serve := range servers {
		running.Go(func() error { return serve(ctx) })
	}
	return b, nil
}

// server serves until ctx is done.
type server func(ctx context.Context) error

// openAll opens every service. What it needs beside its servers is added to b.running.
func openAll(ctx context.Context, c Config, d *doors, b *Bundle) ([]server, error) {
	clientOf, err := connect(ctx, c)
	if err != nil {
		return nil, err
	}
	all := []server{web(d.page, page(c.Web, map[string]string{"locks": b.LocksURL}))}
	for _, open := range []func(context.Context, Config, *doors, clients, *errgroup.Group) ([]server, error){openLocks, openToystore, openCompute, openShop} {
		servers, err := open(ctx, c, d, clientOf, b.running)
		if err != nil {
			return nil, err
		}
		all = append(all, servers...)
	}
	return all, nil
}

// web serves a handler at a door.
func web(d *door, handler http.Handler) server {
	return func(ctx context.Context) error { return overhttp.Serve(ctx, d, handler) }
}

// clients returns a service's client of DynamoDB; nil stands for the store in memory.
type clients func(service string) *dynamodb.Client

// connect returns how a service of that name gets a client of DynamoDB, the tables
// created; nil if the store is in memory.
func connect(ctx context.Context, c Config) (clients, error) {
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
compute   %s
shop      %s
quotes    %s (TCP and UDP)

store: %s; Ctrl-C stops it. Try:
  build/lockstep simulate --url %s
  build/lockstep toystore query Tux
  build/lockstep pi --simulations 100000000 --concurrency 8
`, b.PageURL, b.LocksURL, b.ToystoreURL, b.LinesAddress, b.ComputeURL, b.ShopURL, b.QuotesAddress, c.Store, b.LocksURL)
	return errors.Join(err, b.Wait())
}
