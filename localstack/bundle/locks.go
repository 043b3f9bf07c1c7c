package bundle

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"lockstep"
	"lockstep/functions/locks"
	locksdynamo "lockstep/functions/locks/dynamo"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
	"lockstep/shared/operation/overhttp"
	"lockstep/shared/syncquery"
)

// openLocks returns the locks service, its registry loaded with testdata if it is
// empty. What it needs in the background is added to running.
func openLocks(ctx context.Context, c Config, d *doors, clientOf clients, running *errgroup.Group) ([]server, error) {
	if clientOf == nil {
		store := locks.NewMemory()
		service := &locks.Service{Store: store, Leases: lease.New(&store.Leases, lease.Options{}), ReadTime: c.ReadTime, LockLimit: c.LockLimit}
		return []server{web(d.locks, overhttp.Handler(service.Operations()))}, seedLocks(ctx, store)
	}
	store := &locksdynamo.Store{Client: clientOf("locks"), Tables: locksdynamo.LogicalTables(), Namespace: locksdynamo.DefaultNamespace}
	operations := locksdynamo.Operations(store, c.ReadTime, c.LockLimit)
	for _, o := range operations {
		if o.Kind == operation.Task {
			f, err := newFeed(ctx, store.Client, store.Tables.Namespaces, o)
			if err != nil {
				return nil, err
			}
			running.Go(func() error { return f.run(ctx) })
		}
	}
	return []server{web(d.locks, overhttp.Handler(operations))}, seedLocks(ctx, store)
}

func seedLocks(ctx context.Context, store locks.Store) error {
	there, err := store.Endpoints(ctx)
	if err != nil || len(there) > 0 {
		return err
	}
	registry, err := syncquery.ParseRegistry(lockstep.Registry)
	if err != nil {
		return err
	}
	for _, e := range registry {
		if err := store.PutEndpoint(ctx, e.Name, e.Resources); err != nil {
			return fmt.Errorf("endpoint '%s': %w", e.Name, err)
		}
	}
	return nil
}
