package dynamo_test

import (
	"context"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/shared/dynamo/faults"
)

// runRecord runs the operation on the event of testdata.
func runRecord(t *testing.T, s *dynamo.Store) string {
	t.Helper()
	event, err := os.ReadFile("../../../testdata/events/locks/record.json")
	require.NoError(t, err)
	result, err := named(s, "record").Run(t.Context(), event)
	require.NoError(t, err)
	return string(result)
}

// recordStore is the store of the namespace that the event is of.
func recordStore(t *testing.T, options ...func(*dynamodb.Options)) *dynamo.Store {
	t.Helper()
	s := newStore(t, options...)
	s.Namespace = "record-event"
	return s
}

// told is what the event tells: avocet is locked; a worker leases crane and dunlin; a
// nightly report waits for avocet and crane, of which the first is unlocked then, and
// the second is evicted from.
func told() []locks.Event {
	const first = 4070952000124 // the first version, and the first token
	const worker, report = "jsmilhvucumdqrtpgkvtbp2dt4", "dfcm5npufzmjvnovnfxgsr75ry"
	seq := func(version, i int64) int64 { return (first+version)*1024 + i }
	return []locks.Event{
		{Seq: seq(0, 0), At: "2099-01-01T12:00:00.123Z", Event: locks.EventLock, Endpoints: []string{"avocet"}, Token: first},
		{Seq: seq(1, 0), At: "2099-01-01T12:00:00.456Z", Event: locks.EventGrant, Endpoints: []string{"crane", "dunlin"}, ID: worker, Owner: "a worker", Token: first + 1},
		{Seq: seq(2, 0), At: "2099-01-01T12:00:00.789Z", Event: locks.EventWait, Endpoints: []string{"avocet", "crane"}, ID: report, Owner: "a nightly report", Token: first + 2},
		{Seq: seq(3, 0), At: "2099-01-01T12:00:01.000Z", Event: locks.EventUnlock, Endpoints: []string{"avocet"}, Token: first},
		{Seq: seq(4, 0), At: "2099-01-01T12:00:01.999Z", Event: locks.EventEviction, Endpoints: []string{"crane", "dunlin"}, ID: worker, Owner: "a worker", Token: first + 1},
		{Seq: seq(4, 1), At: "2099-01-01T12:00:01.999Z", Event: locks.EventGrant, Endpoints: []string{"avocet", "crane"}, ID: report, Owner: "a nightly report", Token: first + 2},
	}
}

func TestRecordTellsWhatDiffers(t *testing.T) {
	t.Parallel()
	s, want := recordStore(t), told()
	for range 2 { // a batch may come twice
		require.JSONEq(t, `{"batchItemFailures": []}`, runRecord(t, s))
		got, err := s.Events(t.Context(), 0, 100)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := s.Events(t.Context(), want[0].Seq, 2)
	require.NoError(t, err)
	require.Equal(t, want[1:3], got)
	last, err := s.LastEvent(t.Context())
	require.NoError(t, err)
	require.Equal(t, want[5].Seq, last)
}

// Rows go by themselves an hour after what they tell of.
func TestRecordedEventsExpire(t *testing.T) {
	t.Parallel()
	s := recordStore(t)
	require.JSONEq(t, `{"batchItemFailures": []}`, runRecord(t, s))
	out, err := s.Client.Query(t.Context(), &dynamodb.QueryInput{
		TableName: &s.Tables.Events, KeyConditionExpression: aws.String("#n = :n"), ExpressionAttributeNames: map[string]string{"#n": "namespace"},
		ExpressionAttributeValues: inItem(map[string]any{":n": s.Namespace}),
	})
	require.NoError(t, err)
	require.Len(t, out.Items, 6)
	require.Equal(t, inItem(map[string]any{"expires": 4070952000 + 3600})["expires"], out.Items[0]["expires"])
}

func TestRecordWhoseAnswersAreLost(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, faults.Soon, faults.Inject(faults.Bounded(everyThird(way))))
			s.Namespace = "record-event"
			require.JSONEq(t, `{"batchItemFailures": []}`, runRecord(t, s))
		})
	}
}

// A record that can't be written ends the batch there: AWS delivers it again, and
// what comes after it is not seen before it.
func TestRecordStopsAtWhatItCanNotWrite(t *testing.T) {
	t.Parallel()
	s := recordStore(t, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	s.Tables.Events = "NoSuchTable"
	require.JSONEq(t, `{"batchItemFailures": [{"itemIdentifier": "111"}]}`, runRecord(t, s))

	calls := 0
	plan := func(a faults.Attempt) faults.Fault {
		if calls++; calls == 3 {
			return faults.Throttled
		}
		return faults.None
	}
	s = recordStore(t, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }, faults.Inject(plan))
	require.JSONEq(t, `{"batchItemFailures": [{"itemIdentifier": "333"}]}`, runRecord(t, s))
	require.Equal(t, 3, calls)
}

func TestNothingHappenedYet(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	last, err := s.LastEvent(context.Background())
	require.NoError(t, err)
	require.Zero(t, last)
	events, err := s.Events(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, events)
}
