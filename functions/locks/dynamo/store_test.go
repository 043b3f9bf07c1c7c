package dynamo_test

import (
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/functions/locks/storetest"
	"lockstep/shared/lease"
	leasedynamo "lockstep/shared/lease/dynamo"
	"lockstep/shared/need"
)

// newStore returns an empty store whose client has the options.
func newStore(t *testing.T, options ...func(*dynamodb.Options)) *dynamo.Store {
	t.Helper()
	client := dynamodb.New(need.DynamoDB(t).Options(), options...)
	return &dynamo.Store{Client: client, Tables: dynamo.LogicalTables(), Namespace: rand.Text()}
}

// with returns the same store as a process has it whose client has other options.
func with(s *dynamo.Store, options ...func(*dynamodb.Options)) *dynamo.Store {
	other := *s
	other.Client = dynamodb.New(s.Client.Options(), options...)
	return &other
}

// open opens an empty store for the suite. What happens in its namespace reaches
// its events.
func open(t *testing.T, options ...func(*dynamodb.Options)) func(lease.Options) *locks.Service {
	t.Helper()
	stream := &stream{}
	store := newStore(t, append(options, stream.tap)...)
	told := &watched{Store: store, stream: stream}
	return func(o lease.Options) *locks.Service {
		namespace := &leasedynamo.Store{Client: store.Client, Table: store.Tables.Namespaces, Namespace: store.Namespace}
		return &locks.Service{Store: told, Leases: lease.New(namespace, o)}
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) func(lease.Options) *locks.Service { return open(t) })
}
