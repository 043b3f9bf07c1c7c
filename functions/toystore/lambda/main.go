// Command bootstrap is the toy store in Lambda: one binary, deployed once an operation.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/dynamo"
	"lockstep/functions/toystore/rpc"
	shared "lockstep/shared/dynamo"
	"lockstep/shared/operation"
	"lockstep/shared/operation/inlambda"
)

func main() { inlambda.Start(open) }

func open(ctx context.Context) ([]operation.Operation, error) {
	life, err := time.ParseDuration(os.Getenv("QUERY_CACHE"))
	if err != nil || life < 0 {
		return nil, fmt.Errorf("QUERY_CACHE must be a duration such as 500ms, not %q", os.Getenv("QUERY_CACHE"))
	}
	client, err := shared.Open(ctx)
	if err != nil {
		return nil, err
	}
	tables := dynamo.Tables{Toys: os.Getenv("TOYS_TABLE"), Purchases: os.Getenv("PURCHASES_TABLE")}
	store := dynamo.New(client, tables, dynamo.DefaultCatalogue)
	service := &toystore.Service{Store: toystore.NewCache(store, life)}
	return append(service.Operations(), rpc.Operation(service, 0)), nil
}
