package dynamo_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/functions/locks/storetest"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// ways are those in which an answer gets lost, after the request had its effect.
var ways = map[string]faults.Fault{
	"the whole answer": faults.Lost, "the end of the answer": faults.BrokenOff, "behind a server's error": faults.ServerErrorAfter,
}

// eachWay runs the test once for each way, on a store with a free endpoint "a" that
// serves 1.
func eachWay(t *testing.T, test func(*testing.T, *dynamo.Store, faults.Fault)) {
	t.Helper()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			require.NoError(t, s.PutEndpoint(t.Context(), "a", []int64{1}))
			test(t, s, way)
		})
	}
}

// over returns the store as a process has it that meets the plan.
func over(s *dynamo.Store, plan faults.Plan) *dynamo.Store {
	return with(s, faults.Soon, faults.Inject(plan))
}

// request is what a request of these tests has.
type request struct{ endpoint, id, lease, token, body string }

func ask(t *testing.T, s *dynamo.Store, name string, r request) operation.Response {
	t.Helper()
	return named(s, name).Handle(t.Context(), operation.Request{
		Path:   map[string]string{"endpoint": r.endpoint, "id": r.id},
		Header: map[string]string{"lease": r.lease, "fencing-token": r.token, "x-operator": "an operator"},
		Body:   []byte(r.body),
	})
}

// on asks for "a".
func on(t *testing.T, s *dynamo.Store, name string) operation.Response {
	t.Helper()
	return ask(t, s, name, request{endpoint: "a", id: "1", body: `{"resources":[1]}`})
}

func requireAnswer(t *testing.T, status int, body string, got operation.Response) {
	t.Helper()
	require.Equal(t, status, got.Status, "%s", got.Body)
	require.JSONEq(t, body, string(got.Body))
}

const (
	ok              = `{}`
	alreadyLocked   = `{"error":"'a' is already locked"}`
	alreadyUnlocked = `{"error":"'a' is already unlocked"}`
	unknown         = `{"error":"the store did not answer; whether it was done is unknown"}`
)

// requireLocked asks the registry.
func requireLocked(t *testing.T, want bool, s *dynamo.Store, name string) {
	t.Helper()
	view, err := s.Service(0, 0).Leases.View(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, view.WantedKeys(time.Now())[name], "%+v", view)
}

// doing does something before the n-th attempt at the call, which then meets the
// fault.
func doing(call string, n int, do func(), fault faults.Fault) faults.Plan {
	return func(a faults.Attempt) faults.Fault {
		if a.Call != call || a.N != n {
			return faults.None
		}
		do()
		return fault
	}
}

// both is what happens by either plan.
func both(one, two faults.Plan) faults.Plan {
	return func(a faults.Attempt) faults.Fault {
		if fault := one(a); fault != faults.None {
			return fault
		}
		return two(a)
	}
}

// everyThird is the fault at every third attempt at each call.
func everyThird(fault faults.Fault) faults.Plan {
	return func(a faults.Attempt) faults.Fault { return faults.Every(a.Call, 3, fault)(a) }
}

func TestStoreOverANetworkThatLosesEveryThirdAnswer(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]faults.Fault{"the whole answer": faults.Lost, "the end of the answer": faults.BrokenOff} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) func(lease.Options) *locks.Service {
				return open(t, faults.Soon, faults.Inject(faults.Bounded(everyThird(way))))
			})
		})
	}
}

// A third of all attempts meets something, some of them twice. What comes late does so
// while the test goes on.
func TestStoreUnderFaults(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	storetest.Run(t, func(t *testing.T) func(lease.Options) *locks.Service {
		late := &faults.Late{}
		t.Cleanup(func() { late.Wait() })
		all := []faults.Fault{
			faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff, faults.Conflict,
			faults.Delayed(5 * time.Millisecond),
		}
		any, punctual := faults.Random(seed, 0.3, append(all, late.After(5*time.Millisecond))...), faults.Random(seed, 0.3, all...)
		return open(t, faults.Soon, faults.Inject(faults.Bounded(func(a faults.Attempt) faults.Fault {
			if aboutEndpoints(a) { // an operator's put that comes late undoes the next one
				return punctual(a)
			}
			return any(a)
		})))
	})
}

// aboutEndpoints says whether an attempt writes what an endpoint serves.
func aboutEndpoints(a faults.Attempt) bool {
	put, ok := a.Input.(*dynamodb.PutItemInput)
	return a.Call == "DeleteItem" || ok && *put.TableName == dynamo.LogicalTables().Endpoints
}
