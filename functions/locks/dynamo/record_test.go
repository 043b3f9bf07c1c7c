package dynamo_test

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/shared/need"
	"lockstep/shared/operation"
)

// runRecord runs the operation on the event of testdata.
func runRecord(t *testing.T, s *dynamo.Store) string {
	t.Helper()
	event, err := os.ReadFile("../../../testdata/events/locks/record.json")
	require.NoError(t, err)
	operations := dynamo.Operations(s, 0)
	i := slices.IndexFunc(operations, func(o operation.Operation) bool { return o.Name == "record" })
	result, err := operations[i].Run(t.Context(), event)
	require.NoError(t, err)
	return string(result)
}

// The event: avocet is locked, then locked again by another in one change, while an
// operator takes hold of crane, which is nobody's lock.
func TestRecordTellsWhatDiffers(t *testing.T) {
	t.Parallel()
	s := &dynamo.Store{Client: need.DynamoDB(t), EventsTable: "Events", Namespace: "record-event"}
	want := []locks.Event{
		{Seq: 1024, At: "2026-11-20T12:00:00.123Z", Event: locks.EventLock, Endpoints: []string{"avocet"}, Token: 1795176000001},
		{Seq: 3072, At: "2026-11-20T12:00:01.456Z", Event: locks.EventUnlock, Endpoints: []string{"avocet"}, Token: 1795176000001},
		{Seq: 3073, At: "2026-11-20T12:00:01.456Z", Event: locks.EventLock, Endpoints: []string{"avocet"}, Token: 1795176000002},
	}
	for range 2 { // a batch may come twice
		require.JSONEq(t, `{"batchItemFailures": []}`, runRecord(t, s))
		got, err := s.Events(t.Context(), 0, 100)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := s.Events(t.Context(), 1024, 1)
	require.NoError(t, err)
	require.Equal(t, want[1:2], got)
	last, err := s.LastEvent(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3073, last)
}

// A record that can't be written ends the batch there: AWS delivers it again, and
// what comes after it is not seen before it.
func TestRecordStopsAtWhatItCanNotWrite(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	s := &dynamo.Store{
		Client:      dynamodb.New(client.Options(), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }),
		EventsTable: "NoSuchTable", Namespace: "x",
	}
	require.JSONEq(t, `{"batchItemFailures": [{"itemIdentifier": "111"}]}`, runRecord(t, s))
}

func TestNothingHappenedYet(t *testing.T) {
	t.Parallel()
	s := &dynamo.Store{Client: need.DynamoDB(t), EventsTable: "Events", Namespace: "nothing happens here"}
	last, err := s.LastEvent(context.Background())
	require.NoError(t, err)
	require.Zero(t, last)
}
