package bundle

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"lockstep/shared/operation"
)

// readEvery is how often a table's stream is looked at.
const readEvery = 100 * time.Millisecond

// feed hands a table's stream to a task, as AWS does it with an event source: in
// order, and again from the record that the task says it failed at.
type feed struct {
	table   *dynamodb.Client
	streams *dynamodbstreams.Client
	name    string
	task    operation.Operation

	next map[string]*string // by shard: where to read on, nil at its end
}

// newFeed returns a feed of what is written from now on.
func newFeed(ctx context.Context, client *dynamodb.Client, table string, task operation.Operation) (*feed, error) {
	options := client.Options()
	f := &feed{
		table: client, name: table, task: task, next: map[string]*string{},
		streams: dynamodbstreams.New(dynamodbstreams.Options{
			Region: options.Region, Credentials: options.Credentials, HTTPClient: options.HTTPClient,
			BaseEndpoint: options.BaseEndpoint,
		}),
	}
	return f, f.eachShard(ctx, func(stream *string, shard string) error {
		return f.attach(ctx, stream, shard, types.ShardIteratorTypeLatest)
	})
}

// run feeds the task until ctx is done. What goes wrong is tried again.
func (f *feed) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := f.readOnce(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "can't read the stream", "table", f.name, "error", err.Error())
		}
		select {
		case <-ctx.Done():
		case <-time.After(readEvery):
		}
	}
	return nil
}

// readOnce reads what is new in every shard. A shard that is new itself is read
// from its beginning.
func (f *feed) readOnce(ctx context.Context) error {
	return f.eachShard(ctx, func(stream *string, shard string) error {
		if _, known := f.next[shard]; !known {
			if err := f.attach(ctx, stream, shard, types.ShardIteratorTypeTrimHorizon); err != nil {
				return err
			}
		}
		return f.readShard(ctx, stream, shard)
	})
}

func (f *feed) eachShard(ctx context.Context, do func(stream *string, shard string) error) error {
	table, err := f.table.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &f.name})
	if err != nil {
		return err
	}
	stream, err := f.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: table.Table.LatestStreamArn})
	if err != nil {
		return err
	}
	for _, shard := range stream.StreamDescription.Shards {
		if err := do(table.Table.LatestStreamArn, *shard.ShardId); err != nil {
			return err
		}
	}
	return nil
}

func (f *feed) attach(ctx context.Context, stream *string, shard string, from types.ShardIteratorType) error {
	first, err := f.streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: stream, ShardId: &shard, ShardIteratorType: from})
	if err == nil {
		f.next[shard] = first.ShardIterator
	}
	return err
}

func (f *feed) readShard(ctx context.Context, stream *string, shard string) error {
	for f.next[shard] != nil {
		page, err := f.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: f.next[shard], Limit: aws.Int32(100)})
		var trimmed *types.TrimmedDataAccessException
		if errors.As(err, &trimmed) {
			// Nothing between here and the oldest record is there any more. DynamoDB Local
			// also says so of the end of an empty shard, once other tables are written to.
			return f.attach(ctx, stream, shard, types.ShardIteratorTypeTrimHorizon)
		}
		if err != nil {
			return err
		}
		whole, err := f.hand(ctx, page.Records)
		if err != nil || !whole { // the same page again, next time
			return err
		}
		f.next[shard] = page.NextShardIterator
		if len(page.Records) == 0 {
			return nil
		}
	}
	return nil
}

// hand runs the task on the records, and says whether it took them all.
func (f *feed) hand(ctx context.Context, records []types.Record) (whole bool, err error) {
	if len(records) == 0 {
		return true, nil
	}
	batch := make([]map[string]any, len(records))
	for i, r := range records {
		batch[i] = map[string]any{
			"eventID": aws.ToString(r.EventID), "eventName": string(r.EventName), "eventSource": "aws:dynamodb",
			"dynamodb": map[string]any{
				"Keys": asEvent(r.Dynamodb.Keys), "OldImage": asEvent(r.Dynamodb.OldImage), "NewImage": asEvent(r.Dynamodb.NewImage),
				"SequenceNumber": aws.ToString(r.Dynamodb.SequenceNumber), "StreamViewType": string(r.Dynamodb.StreamViewType),
			},
		}
	}
	event, err := json.Marshal(map[string]any{"Records": batch})
	if err != nil {
		return false, err
	}
	result, err := f.task.Run(ctx, event)
	if err != nil {
		return false, err
	}
	var response events.DynamoDBEventResponse
	err = json.Unmarshal(result, &response)
	return len(response.BatchItemFailures) == 0, err
}

// asEvent writes an item as an event has it: {"name": {"S": "text"}}.
func asEvent(item map[string]types.AttributeValue) map[string]any {
	plain := make(map[string]any, len(item))
	for name, value := range item {
		plain[name] = attribute(value)
	}
	return plain
}

func attribute(value types.AttributeValue) map[string]any {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": v.Value}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberSS:
		return map[string]any{"SS": v.Value}
	case *types.AttributeValueMemberNS:
		return map[string]any{"NS": v.Value}
	case *types.AttributeValueMemberM:
		return map[string]any{"M": asEvent(v.Value)}
	case *types.AttributeValueMemberL:
		list := make([]map[string]any, len(v.Value))
		for i, item := range v.Value {
			list[i] = attribute(item)
		}
		return map[string]any{"L": list}
	default:
		return map[string]any{"NULL": true}
	}
}
