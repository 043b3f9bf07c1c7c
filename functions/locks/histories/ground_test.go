package histories_test

import (
	"crypto/rand"
	"testing"
	"time"

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

// ground is what the processes of a history share.
type ground interface {
	// stores returns the stores as one more process sees them, which meets a fault at
	// that share of its calls.
	stores(share float64, seed uint64) (locks.Store, lease.Store)
	// settle returns when nothing is on its way any more.
	settle()
}

// memory is a ground without faults.
type memory struct{ *locks.Memory }

func (m memory) stores(float64, uint64) (locks.Store, lease.Store) { return m.Memory, &m.Leases }
func (m memory) settle()                                           {}

// onDynamo is a ground on DynamoDB.
type onDynamo struct {
	options   dynamodb.Options
	namespace string
	late      faults.Late
}

// onDynamoDB returns an empty one.
func onDynamoDB(t testing.TB) *onDynamo {
	t.Helper()
	return &onDynamo{options: need.DynamoDB(t).Options(), namespace: rand.Text()}
}

func (d *onDynamo) stores(share float64, seed uint64) (locks.Store, lease.Store) {
	return d.through(faults.Inject(faults.Random(seed, share,
		faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff, faults.Conflict,
		faults.Delayed(50*time.Millisecond), d.late.After(300*time.Millisecond))))
}

func (d *onDynamo) settle() { d.late.Wait() }

// through returns the stores as seen by a client with the options.
func (d *onDynamo) through(options ...func(*dynamodb.Options)) (*dynamo.Store, *leasedynamo.Store) {
	client := dynamodb.New(d.options, append(options, hasty, counting)...)
	tables := dynamo.LogicalTables()
	return &dynamo.Store{Client: client, Tables: tables, Namespace: d.namespace},
		&leasedynamo.Store{Client: client, Table: tables.Namespaces, Namespace: d.namespace}
}

// hasty makes the SDK's pauses between its attempts short: it would sleep for
// seconds.
func hasty(o *dynamodb.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 10 * time.Millisecond, nil })
		o.RateLimiter = ratelimit.None
	})
}
