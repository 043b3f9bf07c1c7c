package dynamo_test

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
	"lockstep/shared/need"
	"lockstep/shared/operation"
)

// meter counts calls and what they consume.
type meter struct {
	mu    sync.Mutex
	calls int
	units float64
}

// counting makes every call tell what it consumes.
func (m *meter) counting(o *dynamodb.Options) {
	tell := middleware.InitializeMiddlewareFunc("Meter",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			switch in := in.Parameters.(type) {
			case *dynamodb.GetItemInput:
				in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
			case *dynamodb.QueryInput:
				in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
			case *dynamodb.BatchGetItemInput:
				in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
			case *dynamodb.TransactWriteItemsInput:
				in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
			}
			out, metadata, err := next.HandleInitialize(ctx, in)
			m.add(out.Result)
			return out, metadata, err
		})
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(tell, middleware.Before) })
}

func (m *meter) add(result any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	var all []types.ConsumedCapacity
	switch out := result.(type) {
	case *dynamodb.GetItemOutput:
		all = append(all, *out.ConsumedCapacity)
	case *dynamodb.QueryOutput:
		all = append(all, *out.ConsumedCapacity)
	case *dynamodb.BatchGetItemOutput:
		all = out.ConsumedCapacity
	case *dynamodb.TransactWriteItemsOutput:
		all = out.ConsumedCapacity
	}
	for _, c := range all {
		m.units += aws.ToFloat64(c.CapacityUnits)
	}
}

// measured is how many requests of each kind are.
const measured = 10

// cost is what one of them costs on average.
type cost struct{ calls, units float64 }

func (m *meter) take() cost {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := cost{float64(m.calls) / measured, m.units / measured}
	m.calls, m.units = 0, 0
	return c
}

// fill puts products into a shop, and orders of three of them, one each 10 ms: past the
// store, since that takes one transaction an order.
func fill(t *testing.T, s *dynamo.Store, products, orders int) (ids []int64) {
	t.Helper()
	client, begin := need.DynamoDB(t), time.Now().Add(-time.Hour)
	for len(ids) < orders {
		var batch []types.WriteRequest
		for range min(25, orders-len(ids)) {
			n := len(ids)
			id := s.DrawID(begin.Add(time.Duration(n) * 10 * time.Millisecond))
			ids = append(ids, id)
			batch = append(batch, types.WriteRequest{PutRequest: &types.PutRequest{Item: s.OrderRow(id, []shop.Line{
				{Product: fmt.Sprintf("product %06d", n%products), Price: 1099, Quantity: 1},
				{Product: fmt.Sprintf("product %06d", (n+1)%products), Price: 2599, Quantity: 2},
				{Product: fmt.Sprintf("product %06d", (n+2)%products), Price: 99, Quantity: 3},
			})}})
		}
		_, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"Orders": batch}})
		require.NoError(t, err)
	}
	for from := 0; from < products; from += 25 {
		var batch []types.WriteRequest
		for i := from; i < min(products, from+25); i++ {
			batch = append(batch, types.WriteRequest{PutRequest: &types.PutRequest{Item: s.ProductRow(fmt.Sprintf("product %06d", i), 1<<40)}})
		}
		_, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"Products": batch}})
		require.NoError(t, err)
	}
	return ids
}

func cursorOf(id int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(id, 10)))
}

// costs are those of each request on a shop of that size.
func costs(t *testing.T, products, orders int) map[string]cost {
	t.Helper()
	m, s := &meter{}, open(t)()
	ids := fill(t, s, products, orders)
	do := doer(t, &shop.Service{Store: s.With(m.counting)})
	all := map[string]cost{}
	for i := range measured {
		do("orders", 200, operation.Request{Query: map[string]string{"limit": "100", "cursor": cursorOf(ids[i*(len(ids)-100)/measured] - 1)}})
	}
	all["orders"] = m.take()
	for i := range measured {
		do("order", 200, withID(ids[i*len(ids)/measured]))
	}
	all["order"] = m.take()
	for i := range measured {
		do("create-order", 200, operation.Request{Body: fmt.Appendf(nil, `{"order_details":[
			{"product_id":"product %06d","price":1,"quantity":1},{"product_id":"product %06d","price":1,"quantity":1}]}`, i%products, (i+1)%products)})
	}
	all["create-order"] = m.take()
	for i := range measured {
		do("product", 200, withID(fmt.Sprintf("product %06d", i%products)))
	}
	all["product"] = m.take()
	return all
}

// large adds the largest shops, which take DynamoDB Local minutes.
var large = flag.Bool("large", false, "look at a shop of 100,000 orders, too, and at one of 10,000 products")

// Calls and capacity do not depend on how many orders and products there are.
func TestWhatARequestCostsStaysAsItIs(t *testing.T) {
	t.Parallel()
	few := costs(t, 10, 100)
	t.Logf("%d products, %d orders: %v", 10, 100, few)
	require.Equal(t, cost{1, 1}, few["product"])
	require.InDelta(t, 1, few["create-order"].calls, 0)
	require.InDelta(t, 2, few["order"].calls, 0)
	require.InDelta(t, 16, few["orders"].calls, 0.5)
	sizes := [][2]int{{10, 1000}, {1000, 1000}, {10, 3000}}
	if *large {
		sizes = append(sizes, [2]int{10_000, 1000}, [2]int{10, 100_000})
	}
	for _, size := range sizes {
		many := costs(t, size[0], size[1])
		t.Logf("%d products, %d orders: %v", size[0], size[1], many)
		for name, c := range few {
			require.InEpsilon(t, c.calls, many[name].calls, 0.1, "calls of %s", name)
			require.InEpsilon(t, c.units, many[name].units, 0.1, "units of %s", name)
		}
	}
}
