package dynamo_test

import (
	"crypto/rand"
	"testing"

	"lockstep/shared/lease"
	"lockstep/shared/lease/dynamo"
	"lockstep/shared/lease/storetest"
	"lockstep/shared/need"
)

func TestStore(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	storetest.Run(t, func(testing.TB) lease.Store {
		return &dynamo.Store{Client: client, Table: "Namespaces", Namespace: rand.Text()}
	})
}
