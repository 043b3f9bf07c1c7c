package dynamo_test

import (
	"crypto/rand"
	mrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/functions/compute"
	"lockstep/functions/compute/dynamo"
	"lockstep/functions/compute/storetest"
	shared "lockstep/shared/dynamo"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/need"
	"lockstep/shared/operation"
	"lockstep/shared/pi"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, // what is kept alive for the next request is no leak
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// suite is what opens stores for the suite, each with a client of these options.
func suite(options ...func(*dynamodb.Options)) storetest.Open {
	return func(t *testing.T) func() compute.Store {
		t.Helper()
		plain, group := need.DynamoDB(t), rand.Text()
		return func() compute.Store {
			return dynamo.New(dynamodb.New(plain.Options(), options...), dynamo.LogicalTables(), group)
		}
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, suite())
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

// What an operation calls is what it declares, and so what its function may.
func TestCalls(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	called := map[string][]shared.Call{}
	s := suite(shared.Recording(func(operation string, c shared.Call) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(called[operation], c) {
			called[operation] = append(called[operation], c)
		}
	}))(t)()
	sampler, err := pi.New(pi.Auto)
	require.NoError(t, err)
	service := &compute.Service{Store: s, Pi: pi.NewPool(sampler, 1), ShardsAtATime: 1, ShardFaults: map[int]int{0: 1}}
	pool := compute.NewPool(service)
	id := "of nobody"
	for _, o := range service.Operations() {
		in := operation.Request{
			Path: map[string]string{"id": id},
			Body: []byte(`{"username":"0123","password":"0123-pw","simulations":100,"protocol":"none"}`),
		}
		switch o.Kind {
		case operation.Answer:
			o.Handle(t.Context(), in)
		case operation.Stream:
			_ = o.Stream(t.Context(), in, nowhere{})
		case operation.Task:
		}
	}
	run := compute.Run{ID: rand.Text(), Simulations: 1000, Shards: 1, Began: time.Now()}
	require.NoError(t, s.CreateRun(t.Context(), run))
	pool.RunNow(t.Context(), run.ID)
	for _, o := range service.Operations() {
		if o.Name == "run" {
			o.Handle(t.Context(), operation.Request{Path: map[string]string{"id": run.ID}})
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for name, declared := range dynamo.Calls() {
		for _, c := range called[name] {
			require.Contains(t, declared, c, name)
		}
		if name != "run" && name != "run-progress" { // those that look at a run that is under way
			require.ElementsMatch(t, declared, called[name], name)
		}
	}
	require.NotContains(t, called, "health")
}

// nowhere is a sink for streams.
type nowhere struct{}

func (nowhere) Begin(int, map[string]string) {}
func (nowhere) Send([]byte) error            { return nil }
