package dynamo_test

import (
	"crypto/rand"
	mrand "math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
	"lockstep/functions/shop/storetest"
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
	plain, name := need.DynamoDB(t), rand.Text()
	return func() *dynamo.Store {
		return dynamo.New(dynamodb.New(plain.Options(), options...), dynamo.LogicalTables(), name)
	}
}

// suite is what opens stores for the suite.
func suite(options ...func(*dynamodb.Options)) storetest.Open {
	return func(t *testing.T) func() shop.Store {
		t.Helper()
		next := open(t, options...)
		return func() shop.Store { return next() }
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

// random is a plan of faults that a share of all attempts meets. What comes late does so
// while the test goes on.
func random(t *testing.T, share float64, late *faults.Late) faults.Plan {
	t.Helper()
	seed := mrand.Uint64()
	t.Logf("seed %d", seed)
	t.Cleanup(func() { late.Wait() })
	return faults.Random(seed, share,
		faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff, faults.Conflict,
		faults.Delayed(5*time.Millisecond), late.After(5*time.Millisecond),
	)
}

func TestStoreUnderFaults(t *testing.T) {
	t.Parallel()
	storetest.Run(t, suite(faults.Soon, faults.Inject(faults.Bounded(random(t, 0.3, &faults.Late{})))))
}

func TestACrowdNeverBuysMoreThanThereIs(t *testing.T) {
	t.Parallel()
	t.Logf("%d orders of unknown outcome", crowd(t, 0.05))
}

// Most calls fail, and many for good: what stands is still whole.
func TestACrowdOnABadDay(t *testing.T) {
	t.Parallel()
	require.Positive(t, crowd(t, 0.6))
}

func crowd(t *testing.T, share float64) (unknown int64) {
	t.Helper()
	late, sound := &faults.Late{}, open(t)()
	flaky := []func(*dynamodb.Options){faults.Soon, faults.Inject(random(t, share, late))}
	return storetest.Crowd(t, func() shop.Store { return sound.With(flaky...) }, func() shop.Store {
		late.Wait()
		return sound
	})
}
