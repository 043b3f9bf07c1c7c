// Package eventbridge publishes the shop's events to an EventBridge bus.
package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
)

// What rules match the events by.
const (
	Source     = "lockstep.shop"
	DetailType = "order_created"
)

// Putter is the part of the client that a Bus needs.
type Putter interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Bus publishes to one event bus. Safe for concurrent use.
type Bus struct {
	Client Putter
	Name   string // or ARN
}

var _ dynamo.Bus = (*Bus)(nil)

// Publish implements dynamo.Bus. The event's resource is the order, by its id.
func (b *Bus) Publish(ctx context.Context, created []shop.OrderCreated) (failed map[int]error, err error) {
	in := &eventbridge.PutEventsInput{}
	for _, c := range created {
		detail, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		in.Entries = append(in.Entries, types.PutEventsRequestEntry{
			EventBusName: &b.Name, Source: aws.String(Source), DetailType: aws.String(DetailType),
			Detail: aws.String(string(detail)), Resources: []string{"orders/" + strconv.FormatInt(c.Order.ID, 10)},
			Time: aws.Time(shop.DrawnAt(c.Order.ID)),
		})
	}
	out, err := b.Client.PutEvents(ctx, in)
	if err != nil {
		return nil, err
	}
	failed = map[int]error{}
	for i, entry := range out.Entries {
		if code := aws.ToString(entry.ErrorCode); code != "" {
			failed[i] = fmt.Errorf("%s: %s", code, aws.ToString(entry.ErrorMessage))
		}
	}
	return failed, nil
}
