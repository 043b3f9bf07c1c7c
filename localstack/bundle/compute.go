package bundle

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"

	"lockstep"
	"lockstep/functions/compute"
	computedynamo "lockstep/functions/compute/dynamo"
	"lockstep/functions/compute/quote"
	"lockstep/shared/operation/overhttp"
	"lockstep/shared/pi"
)

// openCompute returns the compute service and the quote server. Runs of a cluster are
// run in this process.
func openCompute(ctx context.Context, c Config, d *doors, clientOf clients, running *errgroup.Group) ([]server, error) {
	sampler, err := pi.New(pi.Auto)
	if err != nil {
		return nil, err
	}
	quotes, err := quote.Parse(lockstep.Quotes)
	if err != nil {
		return nil, err
	}
	store, err := computeStore(c, clientOf)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(c.ServerLog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the server log (another file: SERVER_LOG=...): %w", err)
	}
	cores := cmp.Or(c.Cores, runtime.GOMAXPROCS(0))
	service := &compute.Service{
		Store: store, Server: slog.New(slog.NewJSONHandler(log, nil)),
		Pi: pi.NewPool(sampler, cores), ShardsAtATime: 2 * cores,
		QuoteAddr: cmp.Or(c.QuoteAddr, d.quotes.Addr().String()),
	}
	pool := compute.NewPool(service)
	running.Go(func() error { pool.Serve(ctx); return nil })
	byNet := &quote.Server{Quotes: quotes}
	return []server{
		func(ctx context.Context) error {
			err := overhttp.Serve(ctx, d.compute, overhttp.Handler(service.Operations()))
			return errors.Join(err, writeLogins(context.WithoutCancel(ctx), store, c.LoginStat), log.Close())
		},
		func(ctx context.Context) error { return byNet.Serve(ctx, d.quotes, d.datagrams) },
	}, nil
}

func computeStore(c Config, clientOf clients) (compute.Store, error) {
	if clientOf != nil {
		return computedynamo.New(clientOf("compute"), computedynamo.LogicalTables(), computedynamo.DefaultGroup), nil
	}
	text, err := os.ReadFile(c.LoginStat)
	if errors.Is(err, fs.ErrNotExist) {
		return compute.NewMemory(nil), nil
	}
	if err != nil {
		return nil, err
	}
	var logins map[string]int64
	if err := json.Unmarshal(text, &logins); err != nil {
		return nil, fmt.Errorf("%s, with the number of logins (another file: LOGIN_STAT=...): %w", c.LoginStat, err)
	}
	return compute.NewMemory(logins), nil
}

// writeLogins writes the number of logins, as GET /logins answers them.
func writeLogins(ctx context.Context, store compute.Store, path string) error {
	logins, err := store.Logins(ctx)
	if err != nil {
		return err
	}
	text, err := json.Marshal(logins) // sorted by user
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}
