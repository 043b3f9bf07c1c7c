package dynamo

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// BatchGetter is the part of the client that BatchGet needs.
type BatchGetter interface {
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
}

// unprocessedPause is how long is paused at most before the rest of a batch is read.
const unprocessedPause = 50 * time.Millisecond

// BatchGet reads up to 100 items of a table, consistently; they may not all be of one
// moment, come in any order, and those that are not there are not among them. What the
// table has no breath for at once is asked for again until ctx is done.
func BatchGet(ctx context.Context, client BatchGetter, table string, keys []map[string]types.AttributeValue) ([]map[string]types.AttributeValue, error) {
	consistent := true
	wanted := map[string]types.KeysAndAttributes{table: {Keys: keys, ConsistentRead: &consistent}}
	var items []map[string]types.AttributeValue
	for len(wanted) > 0 {
		out, err := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: wanted})
		if err != nil {
			return nil, err
		}
		items = append(items, out.Responses[table]...)
		if wanted = out.UnprocessedKeys; len(wanted) > 0 {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(rand.N(unprocessedPause)): //nolint:gosec // jitter
			}
		}
	}
	return items, nil
}
