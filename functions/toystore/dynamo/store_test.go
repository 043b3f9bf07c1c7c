package dynamo_test

import (
	"crypto/rand"
	mrand "math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"go.uber.org/goleak"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/dynamo"
	"lockstep/functions/toystore/storetest"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/need"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, // what is kept alive for the next request is no leak
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// open opens an empty store, over and over, each time with a client of these options.
func open(t *testing.T, options ...func(*dynamodb.Options)) func() *dynamo.Store {
	t.Helper()
	plain, catalogue := need.DynamoDB(t), rand.Text()
	return func() *dynamo.Store {
		return dynamo.New(dynamodb.New(plain.Options(), options...), dynamo.LogicalTables(), catalogue)
	}
}

// suite is what opens stores for the suite.
func suite(options ...func(*dynamodb.Options)) storetest.Open {
	return func(t *testing.T) func() toystore.Store {
		t.Helper()
		next := open(t, options...)
		return func() toystore.Store { return next() }
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, suite())
}

func TestStoreOverANetworkThatLosesEveryThirdAnswer(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]faults.Fault{
		"the whole answer": faults.Lost, "the end of the answer": faults.BrokenOff, "behind a server's error": faults.ServerErrorAfter,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, suite(faults.Soon, faults.Inject(faults.Bounded(func(a faults.Attempt) faults.Fault { return faults.Every(a.Call, 3, way)(a) }))))
		})
	}
}

// A third of all attempts meets something, some of them twice. What comes late does so
// while the test goes on.
func TestStoreUnderFaults(t *testing.T) {
	t.Parallel()
	seed := mrand.Uint64()
	t.Logf("seed %d", seed)
	late := &faults.Late{}
	t.Cleanup(func() { late.Wait() })
	storetest.Run(t, suite(faults.Soon, faults.Inject(faults.Bounded(faults.Random(seed, 0.3,
		faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff, faults.Conflict,
		faults.Delayed(5*time.Millisecond), late.After(5*time.Millisecond),
	)))))
}
