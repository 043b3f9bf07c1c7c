package histories_test

import (
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/lease"
	leasedynamo "lockstep/shared/lease/dynamo"
	"lockstep/shared/need"
)

// ground returns the stores as one more process sees them, which meets a fault at
// that share of its calls.
type ground func(share float64, seed uint64) (locks.Store, lease.Store)

// onMemory is a ground without faults.
func onMemory() ground {
	store := locks.NewMemory()
	return func(float64, uint64) (locks.Store, lease.Store) { return store, &store.Leases }
}

// onDynamoDB is a namespace of its own.
func onDynamoDB(t testing.TB, late *faults.Late, options ...func(*dynamodb.Options)) ground {
	t.Helper()
	real, namespace := need.DynamoDB(t), rand.Text()
	kinds := []faults.Fault{
		faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff, faults.Conflict,
		faults.Delayed(50 * time.Millisecond), late.After(300 * time.Millisecond),
	}
	return func(share float64, seed uint64) (locks.Store, lease.Store) {
		with := append([]func(*dynamodb.Options){counting, hasty, faults.Inject(faults.Random(seed, share, kinds...))}, options...)
		client := dynamodb.New(real.Options(), with...)
		tables := dynamo.LogicalTables()
		return &dynamo.Store{Client: client, Tables: tables, Namespace: namespace},
			&leasedynamo.Store{Client: client, Table: tables.Namespaces, Namespace: namespace}
	}
}

// hasty makes the SDK's pauses between its attempts short: up to 20 s of sleep would
// be no news.
func hasty(o *dynamodb.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 10 * time.Millisecond, nil })
		o.RateLimiter = ratelimit.None
	})
	_ = aws.NopRetryer{}
	_ = http.StatusOK
}
