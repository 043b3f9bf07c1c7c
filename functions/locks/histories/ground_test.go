package histories_test

import (
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
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
	// site returns it as one more process sees it. With dice, all goes wrong that can.
	site(*dice) site
	// settle returns when nothing is on its way any more.
	settle()
}

// site is where a process keeps what it knows.
type site struct {
	store     locks.Store
	namespace lease.Store
	takes     time.Duration // how long a call may take before its effect, and after it
}

// memory is the store of one process, as if it were behind a network: it is for
// virtual time.
type memory struct{ *locks.Memory }

func inMemory() memory { return memory{locks.NewMemory()} }

func (m memory) site(d *dice) site {
	s := site{store: m.Memory, namespace: &m.Leases}
	if d != nil {
		s.takes = 5 * time.Millisecond
	}
	return s
}

func (memory) settle() {}

// database is DynamoDB.
type database struct {
	options   dynamodb.Options
	namespace string
	late      faults.Late
}

// onDynamoDB returns an empty registry there.
func onDynamoDB(t testing.TB) *database {
	t.Helper()
	options := need.DynamoDB(t).Options()
	options.HTTPClient = manyCallers
	return &database{options: options, namespace: rand.Text()}
}

// manyCallers keeps connections for all of the processes: the SDK's own client would
// open one for nearly every call, until the machine has no port left.
var manyCallers = awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
	tr.MaxIdleConns, tr.MaxIdleConnsPerHost = 0, 1000
})

// faulty is the share of all attempts at a call that meet a fault.
const faulty = 0.15

func (d *database) site(chance *dice) site {
	if chance == nil {
		return d.through()
	}
	seed := uint64(chance.between(0, 1<<40))
	return d.through(faults.Inject(faults.Random(seed, faulty,
		faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff, faults.Conflict,
		faults.Delayed(50*time.Millisecond), d.late.After(300*time.Millisecond))))
}

func (d *database) settle() { d.late.Wait() }

// through returns the registry as it is seen by a client with the options.
func (d *database) through(options ...func(*dynamodb.Options)) site {
	client := dynamodb.New(d.options, append(options, hasty)...)
	tables := dynamo.LogicalTables()
	return site{
		store:     &dynamo.Store{Client: client, Tables: tables, Namespace: d.namespace},
		namespace: &leasedynamo.Store{Client: client, Table: tables.Namespaces, Namespace: d.namespace},
	}
}

// hasty makes the SDK's pauses between attempts short: they are seconds, else.
func hasty(o *dynamodb.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 10 * time.Millisecond, nil })
		o.RateLimiter = ratelimit.None
	})
}
