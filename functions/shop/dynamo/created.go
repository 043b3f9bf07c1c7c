package dynamo

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"lockstep/functions/shop"
	"lockstep/shared/operation"
)

// Bus is where events go. Safe for concurrent use.
type Bus interface {
	// Publish publishes up to PublishAtATime events. failed has why for each that was not
	// published, by its place; err is that nothing is known of any.
	Publish(ctx context.Context, created []shop.OrderCreated) (failed map[int]error, err error)
}

// PublishAtATime is how many events a Bus takes at a time: EventBridge's own limit.
const PublishAtATime = 10

// How often what was not published is tried again before the batch ends there, and the
// longest pause before it.
const (
	publishAttempts = 3
	publishPause    = 50 * time.Millisecond
)

// Operations returns the whole service on this store: what it does on any, and
// order-created, which publishes what the stream of table Orders tells.
func Operations(service *shop.Service, bus Bus) []operation.Operation {
	return append(service.Operations(), operation.NewTask("order-created", publisher{bus}.publish))
}

type publisher struct{ bus Bus }

// created is an event on its way: which record it is of.
type created struct {
	record string // its sequence number
	event  shop.OrderCreated
}

// publish publishes an event for each order in a batch of the stream. What the bus does
// not take is tried again, without the others; what it still does not take ends the
// batch. AWS then delivers the first of those records again, and all that come after
// it: so nothing after them is begun, and at most the rest of ten is published twice.
func (p publisher) publish(ctx context.Context, batch events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	answer := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
	var next []created
	for i, r := range batch.Records {
		o, is, err := orderIn(r)
		if is {
			next = append(next, created{r.Change.SequenceNumber, shop.OrderCreated{Order: o}})
		}
		var left []created
		if err != nil || len(next) == PublishAtATime || i == len(batch.Records)-1 {
			left = p.send(ctx, next)
			next = next[:0]
		}
		if err != nil {
			slog.ErrorContext(ctx, "no order", "operation", "order-created", "sequence", r.Change.SequenceNumber, "error", err.Error())
			left = append(left, created{record: r.Change.SequenceNumber})
		}
		for _, c := range left {
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: c.record})
		}
		if len(left) > 0 {
			break
		}
	}
	return answer, nil
}

// send publishes up to PublishAtATime events, and returns those that it could not.
func (p publisher) send(ctx context.Context, all []created) (left []created) {
	left = all
	for n := 1; len(left) > 0; n++ {
		failed, err := p.bus.Publish(ctx, eventsOf(left))
		var again []created
		for i, c := range left {
			why := err
			if why == nil {
				why = failed[i]
			}
			if why != nil {
				again = append(again, c)
				slog.ErrorContext(ctx, "not published", "operation", "order-created", "order", c.event.Order.ID, "attempt", n, "error", why.Error())
			}
		}
		if left = again; n == publishAttempts {
			break
		}
		if len(left) > 0 && !pause(ctx) {
			break
		}
	}
	return left
}

func eventsOf(all []created) []shop.OrderCreated {
	plain := make([]shop.OrderCreated, len(all))
	for i, c := range all {
		plain[i] = c.event
	}
	return plain
}

// pause returns false if there is no time for it.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(rand.N(publishPause)): //nolint:gosec // jitter
		return true
	}
}

var errNoOrder = errors.New("shop: the record is not that of an order")

// orderIn reads the order that a record tells of: is is false where it tells of none,
// such as of the removal of one, or of one that was forgone.
func orderIn(r events.DynamoDBEventRecord) (o shop.Order, is bool, err error) {
	lines, there := r.Change.NewImage["lines"]
	id, hasID := r.Change.NewImage["id"]
	if r.EventName != string(events.DynamoDBOperationTypeInsert) || !there || !hasID {
		return o, false, nil
	}
	if lines.DataType() != events.DataTypeBinary || id.DataType() != events.DataTypeNumber {
		return o, false, errNoOrder
	}
	if o.ID, err = strconv.ParseInt(id.Number(), 10, 64); err != nil {
		return o, false, err
	}
	o.Lines, err = shop.DecodeLines(string(lines.Binary()))
	return o, err == nil, err
}
