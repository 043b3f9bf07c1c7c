package dynamo_test

import (
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lockstep/shared/lease"
	"lockstep/shared/lease/dynamo"
	"lockstep/shared/lease/leasetest"
	"lockstep/shared/lease/storetest"
	"lockstep/shared/need"
)

func TestStore(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	storetest.Run(t, func(testing.TB) lease.Store { return newStore(client) })
}

func TestLeaser(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	leasetest.Run(t, func(testing.TB) lease.Store { return newStore(client) })
}

// newStore returns a namespace of its own.
func newStore(client *dynamodb.Client) *dynamo.Store {
	return &dynamo.Store{Client: client, Table: "Namespaces", Namespace: rand.Text()}
}
