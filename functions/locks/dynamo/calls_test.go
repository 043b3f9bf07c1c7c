package dynamo_test

import (
	"crypto/rand"
	"os"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks/dynamo"
	shared "lockstep/shared/dynamo"
	"lockstep/shared/need"
	"lockstep/shared/operation"
)

// nowhere is a sink for streams.
type nowhere struct{}

func (nowhere) Begin(int, map[string]string) {}
func (nowhere) Send([]byte) error            { return nil }

// What an operation calls when it does all that it can is what is declared, no less
// and no more.
func TestCallsAreWhatOperationsCall(t *testing.T) {
	t.Parallel()
	calls := map[string][]shared.Call{}
	recorder := shared.Recording(func(operation string, c shared.Call) {
		if !slices.Contains(calls[operation], c) {
			calls[operation] = append(calls[operation], c)
		}
	})
	client := dynamodb.New(need.DynamoDB(t).Options(), recorder)
	s := &dynamo.Store{Client: client, Namespaces: "Namespaces", Endpoints: "Endpoints", EventsTable: "Events", Namespace: rand.Text()}
	all := map[string]operation.Operation{}
	for _, o := range dynamo.Operations(s, 0) {
		all[o.Name] = o
	}

	request := operation.Request{Path: map[string]string{"endpoint": "avocet", "id": "24"}, Body: []byte(`{"resources":[24]}`)}
	order := []string{"put-endpoint", "lock", "registry", "resource", "unlock", "delete-endpoint", "health"}
	for _, name := range order {
		require.Equal(t, 200, all[name].Handle(t.Context(), request).Status, name)
		delete(all, name)
	}
	request.Query = map[string]string{"for_ms": "0"} // from now on, which asks for the last event too
	require.NoError(t, all["watch"].Stream(t.Context(), request, nowhere{}))
	delete(all, "watch")
	event, err := os.ReadFile("../../../testdata/events/locks/record.json")
	require.NoError(t, err)
	_, err = all["record"].Run(t.Context(), event)
	require.NoError(t, err)
	delete(all, "record")

	require.Empty(t, all, "operations that were not run")
	require.Len(t, calls, len(dynamo.Calls()), "operations that call something")
	for name, declared := range dynamo.Calls() {
		require.ElementsMatch(t, declared, calls[name], name)
	}
}
