// Command bootstrap is the locks service in Lambda: one binary, deployed once an
// operation.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"lockstep/functions/locks/dynamo"
	shared "lockstep/shared/dynamo"
	"lockstep/shared/operation"
	"lockstep/shared/operation/inlambda"
)

func main() { inlambda.Start(open) }

func open(ctx context.Context) ([]operation.Operation, error) {
	readTime, err := time.ParseDuration(os.Getenv("READ_TIME"))
	if err != nil || readTime < 0 {
		return nil, fmt.Errorf("READ_TIME must be a duration such as 100ms, not %q", os.Getenv("READ_TIME"))
	}
	client, err := shared.Open(ctx)
	if err != nil {
		return nil, err
	}
	store := &dynamo.Store{
		Client:      client,
		Namespaces:  os.Getenv("NAMESPACES_TABLE"),
		Endpoints:   os.Getenv("ENDPOINTS_TABLE"),
		EventsTable: os.Getenv("EVENTS_TABLE"),
		Namespace:   dynamo.DefaultNamespace,
	}
	return dynamo.Operations(store, readTime), nil
}
