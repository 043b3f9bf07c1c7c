package dynamo_test

import (
	"crypto/rand"
	"testing"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/functions/locks/storetest"
	"lockstep/shared/need"
)

func TestStore(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	storetest.Run(t, func(*testing.T) locks.Store {
		return &dynamo.Store{Client: client, Namespaces: "Namespaces", Endpoints: "Endpoints", EventsTable: "Events", Namespace: rand.Text()}
	})
}
