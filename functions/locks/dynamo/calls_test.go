package dynamo_test

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks/dynamo"
	shared "lockstep/shared/dynamo"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// nowhere is a sink for streams.
type nowhere struct{}

func (nowhere) Begin(int, map[string]string) {}
func (nowhere) Send([]byte) error            { return nil }

// recorder keeps what each operation calls, and runs them, each time as a process that
// has just begun: it knows nothing yet.
type recorder struct {
	store *dynamo.Store
	mu    sync.Mutex
	calls map[string][]shared.Call
	ran   map[string]bool
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{calls: map[string][]shared.Call{}, ran: map[string]bool{}}
	r.store = newStore(t, shared.Recording(func(operation string, c shared.Call) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !slices.Contains(r.calls[operation], c) {
			r.calls[operation] = append(r.calls[operation], c)
		}
	}))
	return r
}

func (r *recorder) operation(name string) operation.Operation {
	r.ran[name] = true
	return named(r.store, name)
}

// do runs an operation on the endpoint "avocet", and returns the lease that it
// answers with, if it does.
func (r *recorder) do(t *testing.T, status int, name string, in request) (l leased) {
	t.Helper()
	if in.endpoint == "" {
		in.endpoint = "avocet"
	}
	got := r.operation(name).Handle(t.Context(), operation.Request{
		Path:   map[string]string{"endpoint": in.endpoint, "id": in.id},
		Header: map[string]string{"lease": in.lease, "fencing-token": in.token, "x-operator": "an operator"},
		Body:   []byte(in.body),
	})
	require.Equal(t, status, got.Status, "%s: %s", name, got.Body)
	if len(got.Body) > 0 {
		require.NoError(t, json.Unmarshal(got.Body, &l))
	}
	return l
}

// everything lets each operation do all that it can.
func (r *recorder) everything(t *testing.T) {
	t.Helper()
	wish := func(wait string) request {
		return request{lease: lease.NewSecret(), body: `{"endpoints":["avocet"],"owner":"me","ttl_ms":60000,"wait_ms":` + wait + `}`}
	}
	r.do(t, 200, "put-endpoint", request{body: `{"resources":[24]}`})
	r.do(t, 200, "lock", request{})
	r.do(t, 403, "lock", request{})
	r.do(t, 409, "put-endpoint", request{body: `{"resources":[24]}`})
	r.do(t, 200, "resource", request{id: "24"})
	r.do(t, 202, "acquire", wish("1"))
	r.do(t, 200, "unlock", request{})
	r.do(t, 403, "unlock", request{})
	first := r.listed(t)
	r.do(t, 200, "break", request{id: first})

	held := r.do(t, 201, "acquire", wish("1000"))
	r.do(t, 200, "resource", request{id: "24", lease: held.Lease})
	r.do(t, 200, "write", request{lease: held.Lease, token: strconv.FormatInt(held.Token, 10), body: `{"states":{"24":"written"}}`})
	r.do(t, 200, "renew", request{lease: held.Lease, body: `{"ttl_ms":900000}`})
	waiting := r.do(t, 202, "acquire", wish("1"))
	r.do(t, 204, "release", request{lease: held.Lease})
	r.do(t, 200, "leases", request{lease: waiting.Lease}) // it is its turn
	r.do(t, 204, "release", request{lease: waiting.Lease})
	r.do(t, 404, "release", request{lease: lease.NewSecret()})
	tried := r.do(t, 201, "acquire", wish("0"))
	r.do(t, 204, "release", request{lease: tried.Lease})
	r.do(t, 410, "acquire", request{lease: tried.Lease, body: wish("0").body})

	r.do(t, 200, "query", request{body: `{"resources":[24]}`})
	r.do(t, 200, "query", request{body: `{"resources":[24],"wait_ms":0}`})
	r.do(t, 200, "delete-endpoint", request{})
	r.do(t, 200, "health", request{})

	require.NoError(t, r.operation("watch").Stream(t.Context(), operation.Request{Query: map[string]string{"for_ms": "0"}}, nowhere{})) // from now on, which asks for the last event too
	event, err := os.ReadFile("../../../testdata/events/locks/record.json")
	require.NoError(t, err)
	_, err = r.operation("record").Run(t.Context(), event)
	require.NoError(t, err)
}

// listed returns the public id of the one lease that there is, and runs registry.
func (r *recorder) listed(t *testing.T) string {
	t.Helper()
	require.Equal(t, 200, r.operation("registry").Handle(t.Context(), operation.Request{}).Status)
	var page struct {
		Leases []struct {
			ID string `json:"id"`
		} `json:"leases"`
	}
	require.NoError(t, json.Unmarshal(r.operation("leases").Handle(t.Context(), operation.Request{}).Body, &page))
	require.Len(t, page.Leases, 1)
	return page.Leases[0].ID
}

// What an operation calls when it does all that it can is what is declared, no less
// and no more.
func TestCallsAreWhatOperationsCall(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	r.everything(t)
	for _, o := range dynamo.Operations(r.store, 0, 0) {
		require.True(t, r.ran[o.Name], "%s was not run", o.Name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Len(t, r.calls, len(dynamo.Calls()), "operations that call something")
	for name, declared := range dynamo.Calls() {
		require.ElementsMatch(t, declared, r.calls[name], name)
	}
}
