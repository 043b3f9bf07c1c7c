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
	readTime, err := duration("READ_TIME")
	if err != nil {
		return nil, err
	}
	lockLimit, err := duration("LOCK_LIMIT")
	if err != nil {
		return nil, err
	}
	client, err := shared.Open(ctx)
	if err != nil {
		return nil, err
	}
	store := &dynamo.Store{
		Client: client, Namespace: dynamo.DefaultNamespace,
		Tables: dynamo.Tables{
			Namespaces: os.Getenv("NAMESPACES_TABLE"),
			Endpoints:  os.Getenv("ENDPOINTS_TABLE"),
			Resources:  os.Getenv("RESOURCES_TABLE"),
			LeaseIDs:   os.Getenv("LEASE_IDS_TABLE"),
			Events:     os.Getenv("EVENTS_TABLE"),
		},
	}
	return dynamo.Operations(store, readTime, lockLimit), nil
}

func duration(name string) (time.Duration, error) {
	d, err := time.ParseDuration(os.Getenv(name))
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s must be a duration such as 100ms, not %q", name, os.Getenv(name))
	}
	return d, nil
}
