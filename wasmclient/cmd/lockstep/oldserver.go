//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"lockstep/wasmclient/oldserver"
)

type oldserverCommand struct {
	Port          int           `default:"8091" help:"The port on 127.0.0.1; 0 takes a free one."`
	Registry      string        `placeholder:"FILE" type:"existingfile" help:"The registry to serve; the one of the bundle's testdata by default."`
	ReadTime      time.Duration `default:"100ms" help:"How long reading a resource takes."`
	Latency       time.Duration `help:"How long any call takes on top."`
	UnlockedReads bool          `help:"GET on an unlocked endpoint answers 200."`
	FreeAny       bool          `help:"DELETE frees anyone's lock."`
	Close         bool          `help:"Every answer closes the connection."`
	CORS          bool          `name:"cors" help:"Pages of any origin may call."`
	ErrorRate     float64       `help:"The share of calls answered 500 before the effect, 0 to 1."`
	DropRate      float64       `help:"The share of calls whose answer is lost after the effect, 0 to 1."`
	Seed          uint64        `default:"1" help:"Of the draws for the rates."`
}

// Validate is called by the parser, before anything runs.
func (c oldserverCommand) Validate() error {
	for name, rate := range map[string]float64{"error-rate": c.ErrorRate, "drop-rate": c.DropRate} {
		if !(rate >= 0 && rate <= 1) { // also for NaN
			return fmt.Errorf("%s must be from 0 to 1, not %v", name, rate)
		}
	}
	if c.ReadTime < 0 || c.Latency < 0 {
		return errors.New("read-time and latency must not be negative")
	}
	return nil
}

// Run implements the command: it serves until ctx is done.
func (c oldserverCommand) Run(ctx context.Context, s streams) error {
	registry, err := loadRegistry(c.Registry)
	if err != nil {
		return err
	}
	handler := oldserver.New(registry, oldserver.Options{
		UnlockedReads: c.UnlockedReads, FreeAny: c.FreeAny, Close: c.Close, CORS: c.CORS,
		ReadTime: c.ReadTime, Latency: c.Latency, ErrorRate: c.ErrorRate, DropRate: c.DropRate, Seed: c.Seed,
	})
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)))
	if err != nil {
		return fmt.Errorf("port %d: %w", c.Port, err)
	}
	_, _ = fmt.Fprintf(s.out, "old server at http://%s, statistics at /stats\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
