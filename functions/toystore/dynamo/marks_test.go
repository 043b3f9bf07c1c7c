package dynamo_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/dynamo"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/need"
)

// one buys one Tux without a key.
func one(t *testing.T, s *dynamo.Store) toystore.Sale {
	t.Helper()
	sale, err := s.Buy(t.Context(), toystore.Purchase{Toy: "Tux", Quantity: 1})
	require.NoError(t, err)
	return sale
}

func mustPut(t *testing.T, s *dynamo.Store, stock int64) {
	t.Helper()
	require.NoError(t, s.Put(t.Context(), toystore.Toy{Name: "Tux", Price: 2599, Stock: stock}))
}

func requireStock(t *testing.T, want int64, s *dynamo.Store) {
	t.Helper()
	toy, err := s.Toy(t.Context(), "Tux")
	require.NoError(t, err)
	require.Equal(t, want, toy.Stock)
}

// marks returns the attributes of the item that are none of the toy's.
func marks(t *testing.T, s *dynamo.Store) []string {
	t.Helper()
	out, err := need.DynamoDB(t).GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("Toys"), ConsistentRead: aws.Bool(true), Key: key(s)})
	require.NoError(t, err)
	var all []string
	for name := range out.Item {
		if strings.HasPrefix(name, "m-") {
			all = append(all, name)
		}
	}
	return all
}

func key(s *dynamo.Store) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"catalogue": &types.AttributeValueMemberS{Value: s.Catalogue()}, "name": &types.AttributeValueMemberS{Value: "Tux"},
	}
}

// The first attempt arrives when all is over: after the second one, and after others
// have bought.
func TestALateAttemptSellsNothing(t *testing.T) {
	t.Parallel()
	for name, buy := range map[string]toystore.Purchase{
		"without a key": {Toy: "Tux", Quantity: 1}, "with a key": {Toy: "Tux", Quantity: 1, Key: "k"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			late := &faults.Late{}
			next := open(t)
			s := next()
			mustPut(t, s, 100)
			call := "UpdateItem"
			if buy.Key != "" {
				call = "TransactWriteItems"
			}
			slow := s.With(faults.Soon, faults.Inject(faults.Nth(call, 1, late.Held())))
			sale, err := slow.Buy(t.Context(), buy)
			require.NoError(t, err)
			require.Equal(t, toystore.Sale{Result: toystore.Bought, Stock: 99}, sale)
			for range 10 {
				one(t, slow)
				one(t, s)
			}
			late.Release()
			late.Wait()
			requireStock(t, 79, s)
		})
	}
}

// A put that comes late does not undo what was sold since.
func TestALatePutSetsNothing(t *testing.T) {
	t.Parallel()
	late := &faults.Late{}
	s := open(t)()
	slow := s.With(faults.Soon, faults.Inject(faults.Nth("UpdateItem", 1, late.Held())))
	mustPut(t, slow, 10)
	one(t, slow)
	late.Release()
	late.Wait()
	requireStock(t, 9, s)
}

func TestMarksDoNotPileUp(t *testing.T) {
	t.Parallel()
	next := open(t)
	processes := []*dynamo.Store{next(), next(), next()}
	mustPut(t, processes[0], 1000)
	for i := range 60 {
		one(t, processes[i%3])
	}
	require.LessOrEqual(t, len(marks(t, processes[0])), len(processes), "the last one of each process")
}

// A process that died has left its marks: others take them away, but not before a minute
// is over.
func TestMarksOfOthersGoWhenTheirTimeIsOver(t *testing.T) {
	t.Parallel()
	s := open(t)()
	mustPut(t, s, 100)
	leave := func(name string, age time.Duration) {
		_, err := need.DynamoDB(t).UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: aws.String("Toys"), Key: key(s), UpdateExpression: aws.String("SET #m = :at"),
			ExpressionAttributeNames: map[string]string{"#m": name},
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":at": &types.AttributeValueMemberN{Value: fmt.Sprint(time.Now().Add(-age).Unix())},
			},
		})
		require.NoError(t, err)
	}
	for i := range 120 {
		leave(fmt.Sprint("m-dead", i), 2*time.Minute)
	}
	leave("m-alive", 30*time.Second)
	for range 5 {
		one(t, s)
	}
	require.LessOrEqual(t, len(marks(t, s)), 2)
	require.Contains(t, marks(t, s), "m-alive")
}
