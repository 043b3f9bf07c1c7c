package dynamo

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/locks"
	leasedynamo "lockstep/shared/lease/dynamo"
	"lockstep/shared/operation"
)

// Operations returns the whole service on this store: what it does on any, and what
// only this one needs.
func Operations(s *Store, readTime, lockLimit time.Duration) []operation.Operation {
	return append(s.Service(readTime, lockLimit).Operations(), operation.NewTask("record", s.record))
}

// record turns a batch of the stream of table Namespaces into events: whatever
// differs between the old and the new image of a namespace. An event's seq comes
// from the namespace's version, so that a record that comes twice writes the same
// rows twice. The first record that fails ends the batch, which AWS then delivers
// again from there: a later one must not be seen before it.
func (s *Store) record(ctx context.Context, batch events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	for _, r := range batch.Records {
		if err := s.writeEvents(ctx, r.Change); err != nil {
			slog.ErrorContext(ctx, "can't record", "operation", "record", "sequence", r.Change.SequenceNumber, "error", err.Error())
			failed := events.DynamoDBBatchItemFailure{ItemIdentifier: r.Change.SequenceNumber}
			return events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{failed}}, nil
		}
	}
	return events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}, nil
}

// eventsPerVersion is how many events one write can be at most: it makes room for
// them between one version's seq and the next.
const eventsPerVersion = 1 << 10

func (s *Store) writeEvents(ctx context.Context, change events.DynamoDBStreamRecord) error {
	before, err := leasedynamo.Decode(image(change.OldImage))
	if err != nil {
		return err
	}
	after, err := leasedynamo.Decode(image(change.NewImage))
	if err != nil {
		return err
	}
	for i, e := range locks.Differences(before, after) {
		item, err := attributevalue.MarshalMap(happened{
			Namespace: change.Keys["namespace"].String(),
			Seq:       after.Version*eventsPerVersion + int64(i),
			At:        e.At, Event: e.Event, Endpoints: e.Endpoints, ID: e.ID, Owner: e.Owner, Token: e.Token,
			Expires: after.Written.Add(locks.EventsKept).Unix(),
		})
		if err != nil {
			return err
		}
		if _, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Tables.Events, Item: item}); err != nil {
			return err
		}
	}
	return nil
}

// image turns an item as a stream's event has it into one as the client has it.
func image(item map[string]events.DynamoDBAttributeValue) map[string]types.AttributeValue {
	same := make(map[string]types.AttributeValue, len(item))
	for name, value := range item {
		same[name] = attribute(value)
	}
	return same
}

// attribute knows the types that a namespace's item has.
func attribute(v events.DynamoDBAttributeValue) types.AttributeValue {
	switch v.DataType() {
	case events.DataTypeNumber:
		return &types.AttributeValueMemberN{Value: v.Number()}
	case events.DataTypeString:
		return &types.AttributeValueMemberS{Value: v.String()}
	case events.DataTypeBoolean:
		return &types.AttributeValueMemberBOOL{Value: v.Boolean()}
	case events.DataTypeStringSet:
		return &types.AttributeValueMemberSS{Value: v.StringSet()}
	case events.DataTypeMap:
		return &types.AttributeValueMemberM{Value: image(v.Map())}
	default:
		return &types.AttributeValueMemberNULL{Value: true}
	}
}
