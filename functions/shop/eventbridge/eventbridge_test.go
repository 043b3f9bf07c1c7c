package eventbridge_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	aweventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/functions/shop/eventbridge"
)

// bus is an event bus that refuses some events, by their places.
type bus struct {
	got     []types.PutEventsRequestEntry
	refused map[int]bool
	err     error
}

func (b *bus) PutEvents(_ context.Context, in *aweventbridge.PutEventsInput, _ ...func(*aweventbridge.Options)) (*aweventbridge.PutEventsOutput, error) {
	b.got = in.Entries
	out := &aweventbridge.PutEventsOutput{}
	for i := range in.Entries {
		var entry types.PutEventsResultEntry
		if b.refused[i] {
			entry.ErrorCode, entry.ErrorMessage = aws.String("ThrottlingException"), aws.String("slow down")
		}
		out.Entries = append(out.Entries, entry)
	}
	return out, b.err
}

func events(n int) []shop.OrderCreated {
	all := make([]shop.OrderCreated, n)
	for i := range all {
		all[i] = shop.OrderCreated{Order: shop.Order{ID: int64(1<<30 + i), Lines: []shop.Line{{Product: "tux", Price: 250, Quantity: 2}}}}
	}
	return all
}

func TestPublish(t *testing.T) {
	t.Parallel()
	b := &bus{refused: map[int]bool{1: true}}
	failed, err := (&eventbridge.Bus{Client: b, Name: "orders"}).Publish(t.Context(), events(3))
	require.NoError(t, err)
	require.Len(t, failed, 1)
	require.EqualError(t, failed[1], "ThrottlingException: slow down")
	require.Equal(t, "orders", *b.got[0].EventBusName)
	require.Equal(t, "lockstep.shop", *b.got[0].Source)
	require.Equal(t, "order_created", *b.got[0].DetailType)
	require.Equal(t, []string{"orders/1073741824"}, b.got[0].Resources)
	require.Contains(t, *b.got[0].Detail, `"id":1073741824,`)
}

func TestPublishFails(t *testing.T) {
	t.Parallel()
	b := &bus{err: errors.New("no route to host")}
	_, err := (&eventbridge.Bus{Client: b}).Publish(t.Context(), events(1))
	require.ErrorIs(t, err, b.err)
}

func TestCrashing(t *testing.T) {
	t.Parallel()
	b := &bus{}
	c := &eventbridge.Crashing{Bus: &eventbridge.Bus{Client: b}, Every: 10}
	_, err := c.Publish(t.Context(), events(9))
	require.NoError(t, err)
	require.Panics(t, func() { _, _ = c.Publish(t.Context(), events(10)) })
	_, err = c.Publish(t.Context(), events(10))
	require.NoError(t, err, "it comes again, and crashes no more")
	never := &eventbridge.Crashing{Bus: &eventbridge.Bus{Client: b}}
	_, err = never.Publish(t.Context(), events(10))
	require.NoError(t, err)
}
