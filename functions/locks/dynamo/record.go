package dynamo

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lockstep/functions/locks"
	"lockstep/shared/operation"
)

// Operations returns the whole service on this store: what it does on any, and what
// only this one needs.
func Operations(s *Store, readTime time.Duration) []operation.Operation {
	service := &locks.Service{Store: s, ReadTime: readTime}
	return append(service.Operations(), operation.NewTask("record", s.record))
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

func (s *Store) writeEvents(ctx context.Context, change events.DynamoDBStreamRecord) error {
	for _, e := range differences(change) {
		item, err := attributevalue.MarshalMap(e)
		if err != nil {
			return err
		}
		if _, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.EventsTable, Item: item}); err != nil {
			return err
		}
	}
	return nil
}

// image is a namespace's item as a stream has it.
type image map[string]events.DynamoDBAttributeValue

// number returns a number of the item, 0 where there is none.
func (i image) number(name string) int64 {
	v, ok := i[name]
	if !ok || v.DataType() != events.DataTypeNumber {
		return 0
	}
	n, _ := v.Integer() // what we write are integers
	return n
}

// attempt returns which attempt holds the entry of the name, "" where none does or
// an operator does, whose hold is no lock.
func (i image) attempt(name string) string {
	v, ok := i[name]
	if !ok || v.DataType() != events.DataTypeMap {
		return ""
	}
	entry := v.Map()
	if _, held := entry["x"]; held {
		return ""
	}
	return entry["a"].String()
}

// eventsPerVersion is how many events one write can be at most: it makes room for
// them between one version's seq and the next.
const eventsPerVersion = 1 << 10

// differences returns what happened between the images of a change. A lock that
// took the place of another is told as an unlock and a lock.
func differences(change events.DynamoDBStreamRecord) []happened {
	before, after := image(change.OldImage), image(change.NewImage)
	var all []happened
	add := func(event, name string, of image) {
		at := time.UnixMilli(after.number("m"))
		all = append(all, happened{
			Namespace: change.Keys["namespace"].String(),
			Seq:       after.number("v")*eventsPerVersion + int64(len(all)),
			At:        locks.Timestamp(at), Event: event,
			Endpoints: []string{strings.TrimPrefix(name, entryPrefix)},
			Token:     of.number(ticketPrefix + strings.TrimPrefix(name, entryPrefix)),
			Expires:   at.Add(locks.EventsKept).Unix(),
		})
	}
	for _, name := range entryNames(before, after) {
		old, now := before.attempt(name), after.attempt(name)
		if old == now {
			continue
		}
		if old != "" {
			add(locks.EventUnlock, name, before)
		}
		if now != "" {
			add(locks.EventLock, name, after)
		}
	}
	return all
}

// entryNames returns the names of the entries of both images, in order.
func entryNames(images ...image) []string {
	var names []string
	for _, i := range images {
		for name := range i {
			if strings.HasPrefix(name, entryPrefix) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
