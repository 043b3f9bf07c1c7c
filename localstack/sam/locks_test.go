package sam_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/shared/lease"
	leasedynamo "lockstep/shared/lease/dynamo"
	"lockstep/shared/operation"
)

func locksInMemory() ground {
	store := locks.NewMemory()
	service := &locks.Service{Store: store, Leases: lease.New(&store.Leases, lease.Options{})}
	return locksOn(service.Operations(), store, &store.Leases)
}

func locksOnDynamoDB(client *dynamodb.Client) ground {
	store := &dynamo.Store{Client: client, Tables: dynamo.LogicalTables(), Namespace: dynamo.DefaultNamespace}
	return locksOn(dynamo.Operations(store, 0, 0), store, &leasedynamo.Store{Client: client, Table: store.Tables.Namespaces, Namespace: store.Namespace})
}

func locksOn(operations []operation.Operation, store locks.Store, namespace lease.Store) ground {
	return ground{
		operations: operations,
		fill:       func(t *testing.T) { t.Helper(); fill(t, store, namespace) },
		look:       func(t *testing.T) any { t.Helper(); return look(t, store, namespace) },
		before:     func() any { return before() },
		after: func(name string) any {
			s := before()
			if change := effects[name]; change != nil {
				change(&s)
			}
			return s
		},
	}
}

// The lease that every event meets, and the id that the event of acquire chooses.
const (
	heldSecret   = "K7VQ3DUNLINSLEASE4XW2MZP6T"
	chosenSecret = "B2HXAVOCETSLEASE5QYJ7RNC4W"
)

// heldTTL is what is left of that lease: much more than a run takes.
const heldTTL = 5 * time.Minute

// state is what an event meets, and leaves behind.
type state struct {
	Endpoints map[string]locks.Endpoint
	Leases    map[string]held // by their public ids
	States    map[int64]string
}

// held is a lease; the minutes that are left of it are rounded to five, since a run
// takes its time.
type held struct {
	Endpoints []string
	Left      time.Duration
}

// before is what every event meets: an endpoint that is free, one that is locked,
// and one that is leased.
func before() state {
	return state{
		Endpoints: map[string]locks.Endpoint{
			"avocet": {Resources: []int64{24, 32}},
			"crane":  {Resources: []int64{15, 28}, Locked: true},
			"dunlin": {Resources: []int64{6, 9}, Locked: true},
		},
		Leases: map[string]held{lease.PublicID(heldSecret): {[]string{"dunlin"}, heldTTL}},
		States: map[int64]string{6: locks.InitialState, 9: locks.InitialState, 24: locks.InitialState, 32: locks.InitialState},
	}
}

// effects is what the events do to that; those of other operations leave it as it
// is. Half of the answers are {}, which alone would prove little.
var effects = map[string]func(*state){
	"lock":   func(s *state) { s.Endpoints["avocet"] = locks.Endpoint{Resources: []int64{24, 32}, Locked: true} },
	"unlock": func(s *state) { s.Endpoints["crane"] = locks.Endpoint{Resources: []int64{15, 28}} },
	"acquire": func(s *state) {
		s.Endpoints["avocet"] = locks.Endpoint{Resources: []int64{24, 32}, Locked: true}
		s.Leases[lease.PublicID(chosenSecret)] = held{[]string{"avocet"}, 10 * time.Minute}
	},
	"renew":           func(s *state) { s.Leases[lease.PublicID(heldSecret)] = held{[]string{"dunlin"}, 15 * time.Minute} },
	"release":         (*state).freeDunlin,
	"break":           (*state).freeDunlin,
	"write":           func(s *state) { s.States[6], s.States[9] = "up", "down" },
	"put-endpoint":    func(s *state) { s.Endpoints["heron"] = locks.Endpoint{Resources: []int64{3, 28}} },
	"delete-endpoint": func(s *state) { delete(s.Endpoints, "avocet") },
}

func (s *state) freeDunlin() {
	s.Endpoints["dunlin"] = locks.Endpoint{Resources: []int64{6, 9}}
	delete(s.Leases, lease.PublicID(heldSecret))
}

// tokensFrom is when the clock stood that tokens count from, so that events can name
// them: the first is one more, in milliseconds.
var tokensFrom = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

// fill makes an empty store one that every event can meet.
func fill(t *testing.T, store locks.Store, namespace lease.Store) {
	t.Helper()
	ctx, begin := t.Context(), before()
	for name, e := range begin.Endpoints {
		require.NoError(t, store.PutEndpoint(ctx, name, e.Resources))
	}
	long := lease.New(namespace, lease.Options{Now: func() time.Time { return tokensFrom }})
	_, err := long.Lock(ctx, "crane", 0)
	require.NoError(t, err)
	_, err = lease.New(namespace, lease.Options{}).TryStatus(ctx, lease.Request{
		Secret: heldSecret, Keys: []string{"dunlin"}, Owner: "a worker", TTL: heldTTL,
	})
	require.NoError(t, err)
}

// look returns what is in the store.
func look(t *testing.T, store locks.Store, namespace lease.Store) state {
	t.Helper()
	ctx := t.Context()
	served, err := store.Endpoints(ctx)
	require.NoError(t, err)
	view, err := namespace.Read(ctx, true)
	require.NoError(t, err)
	there := state{map[string]locks.Endpoint{}, map[string]held{}, map[int64]string{}}
	wanted := view.WantedKeys(time.Now())
	for name, ids := range served {
		there.Endpoints[name] = locks.Endpoint{Resources: ids, Locked: wanted[name]}
	}
	for _, e := range view.Entries {
		if !e.IsLock() {
			there.Leases[e.ID] = held{e.Keys, time.Until(e.Expires).Round(5 * time.Minute)}
		}
	}
	for id := range before().States {
		there.States[id], err = store.State(ctx, id)
		require.NoError(t, err)
	}
	return there
}
