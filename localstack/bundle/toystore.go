package bundle

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/errgroup"

	"lockstep"
	"lockstep/functions/toystore"
	toysdynamo "lockstep/functions/toystore/dynamo"
	"lockstep/functions/toystore/lines"
	"lockstep/functions/toystore/rpc"
	"lockstep/shared/operation/overhttp"
)

// openToystore returns the toy store, over HTTP with RPC and over lines, its catalogue
// loaded with testdata if it is empty.
func openToystore(ctx context.Context, c Config, d *doors, clientOf clients, _ *errgroup.Group) ([]server, error) {
	var store toystore.Store = toystore.NewMemory()
	if clientOf != nil {
		store = toysdynamo.New(clientOf("toystore"), toysdynamo.LogicalTables(), toysdynamo.DefaultCatalogue)
	}
	service := &toystore.Service{Store: toystore.NewCache(store, c.QueryCache), Processing: c.Processing}
	procedures := rpc.Handler(service, c.RPCWorkers)
	var beside []overhttp.Mount
	for _, prefix := range rpc.Prefixes() {
		beside = append(beside, overhttp.Mount{Prefix: prefix, Handler: procedures})
	}
	byLine := &lines.Server{Service: service, Workers: c.TCPWorkers}
	return []server{
		web(d.toystore, overhttp.Handler(service.Operations(), beside...)),
		func(ctx context.Context) error { return byLine.Serve(ctx, d.lines) },
	}, seedToys(ctx, store)
}

func seedToys(ctx context.Context, store toystore.Store) error {
	there, err := store.Toys(ctx, "", 1)
	if err != nil || len(there) > 0 {
		return err
	}
	var toys []struct {
		Name, Price string
		Stock       int64
	}
	if err := json.Unmarshal(lockstep.Toys, &toys); err != nil {
		return err
	}
	for _, t := range toys {
		price, err := toystore.ParsePrice(t.Price)
		if err != nil {
			return fmt.Errorf("toy '%s': price %w", t.Name, err)
		}
		if err := store.Put(ctx, toystore.Toy{Name: t.Name, Price: price, Stock: t.Stock}); err != nil {
			return fmt.Errorf("toy '%s': %w", t.Name, err)
		}
	}
	return nil
}
