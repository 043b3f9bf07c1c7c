package dynamo_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/lease/dynamo"
	"lockstep/shared/need"
)

// size is an item's size in bytes, by the rules that DynamoDB documents ("DynamoDB
// item sizes and formats"); a number counts at its longest, 21.
func size(v types.AttributeValue) (n int) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return 21
	case *types.AttributeValueMemberSS:
		for _, text := range v.Value {
			n += len(text)
		}
		return n
	case *types.AttributeValueMemberM:
		return 3 + sizeOf(v.Value)
	default:
		return 1
	}
}

func sizeOf(item map[string]types.AttributeValue) (n int) {
	for name, value := range item {
		n += len(name) + size(value) + 1
	}
	return n
}

// An item never gets above 200 KB: whatever the entries are, they weigh at least
// what they take.
func TestWhatEntriesWeighBoundsTheItemsSize(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	for name, shape := range map[string]struct{ keys, keyBytes, ownerBytes int }{
		"the smallest":       {1, 1, 0},
		"a few keys":         {3, 10, 20},
		"many small keys":    {100, 2, 0},
		"the largest":        {100, 64, 100},
		"one key, long text": {1, 64, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &dynamo.Store{Client: client, Table: "Namespaces", Namespace: rand.Text()}
			l := lease.New(s, lease.Options{})
			var full atomic.Bool
			var wg sync.WaitGroup
			for w := range 40 { // who come at once share a write
				wg.Go(func() {
					for n := w; !full.Load(); n += 40 {
						_, err := l.Enqueue(context.Background(), lease.Request{
							Secret: lease.NewSecret(), Keys: keysOf(shape.keys, shape.keyBytes, n), Owner: strings.Repeat("o", shape.ownerBytes), TTL: lease.MaxTTL,
						})
						if err != nil && !full.Swap(true) && !errors.Is(err, lease.ErrBusy) {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			item, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
				TableName: &s.Table, ConsistentRead: aws.Bool(true),
				Key: map[string]types.AttributeValue{"namespace": &types.AttributeValueMemberS{Value: s.Namespace}},
			})
			require.NoError(t, err)
			t.Logf("full with %d entries, %d bytes", (len(item.Item)-5)/2, sizeOf(item.Item))
			require.LessOrEqual(t, sizeOf(item.Item), lease.MaxWeight)
			require.Greater(t, len(item.Item), 2*20, "it is full")
		})
	}
}

func keysOf(n, bytes, salt int) []string {
	keys := make([]string, n)
	for i := range keys {
		text := fmt.Sprintf("%0*d", bytes, i)
		if n == 1 {
			text = fmt.Sprintf("%0*d", bytes, salt%10)
		}
		keys[i] = text
	}
	return keys
}
