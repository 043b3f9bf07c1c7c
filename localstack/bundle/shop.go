package bundle

import (
	"context"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"lockstep/functions/shop"
	shopdynamo "lockstep/functions/shop/dynamo"
	"lockstep/shared/operation"
	"lockstep/shared/operation/overhttp"
)

// openShop returns the shop. On DynamoDB its events go to the log: there is no bus here.
func openShop(ctx context.Context, _ Config, d *doors, clientOf clients, running *errgroup.Group) ([]server, error) {
	if clientOf == nil {
		service := &shop.Service{Store: shop.NewMemory()}
		return []server{web(d.shop, overhttp.Handler(service.Operations()))}, nil
	}
	client := clientOf("shop")
	service := &shop.Service{Store: shopdynamo.New(client, shopdynamo.LogicalTables(), shopdynamo.DefaultShop)}
	operations := shopdynamo.Operations(service, logged{})
	for _, o := range operations {
		if o.Kind == operation.Task {
			f, err := newFeed(ctx, client, shopdynamo.LogicalTables().Orders, o)
			if err != nil {
				return nil, err
			}
			running.Go(func() error { return f.run(ctx) })
		}
	}
	return []server{web(d.shop, overhttp.Handler(operations))}, nil
}

// logged is an event bus that is the log.
type logged struct{}

// Publish implements dynamo.Bus.
func (logged) Publish(ctx context.Context, created []shop.OrderCreated) (map[int]error, error) {
	for _, c := range created {
		slog.DebugContext(ctx, "order_created", "order", c.Order.ID)
	}
	return nil, nil
}
