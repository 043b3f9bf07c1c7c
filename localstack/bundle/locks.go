package bundle

import (
	"context"
	"fmt"

	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"lockstep"
	"lockstep/functions/locks"
	locksdynamo "lockstep/functions/locks/dynamo"
	"lockstep/shared/dynamo"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
	"lockstep/shared/syncquery"
	"lockstep/shared/tables"
)

// openLocks returns the operations of the locks service, its registry loaded with
// testdata if it is empty. What they need in the background is added to running.
func openLocks(ctx context.Context, c Config, running *errgroup.Group) ([]operation.Operation, error) {
	if c.Store == "memory" {
		store := locks.NewMemory()
		service := &locks.Service{Store: store, Leases: lease.New(&store.Leases, lease.Options{}), ReadTime: c.ReadTime, LockLimit: c.LockLimit}
		return service.Operations(), seed(ctx, store)
	}
	client, err := dynamo.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err := tables.Create(ctx, client, lockstep.Template); err != nil {
		return nil, err
	}
	if c.Observe != nil {
		client = awsdynamodb.New(client.Options(), dynamo.Recording(c.Observe))
	}
	store := &locksdynamo.Store{Client: client, Tables: locksdynamo.LogicalTables(), Namespace: locksdynamo.DefaultNamespace}
	operations := locksdynamo.Operations(store, c.ReadTime, c.LockLimit)
	for _, o := range operations {
		if o.Kind == operation.Task {
			f, err := newFeed(ctx, client, store.Tables.Namespaces, o)
			if err != nil {
				return nil, err
			}
			running.Go(func() error { return f.run(ctx) })
		}
	}
	return operations, seed(ctx, store)
}

func seed(ctx context.Context, store locks.Store) error {
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
