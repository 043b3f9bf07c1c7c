package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/toystore"
	"lockstep/shared/dynamo"
)

// purchase is an item of the table Purchases: what an idempotency key has bought.
type purchase struct {
	Key      string `dynamodbav:"key"` // with the catalogue before it
	Toy      string `dynamodbav:"toy"`
	Quantity int64  `dynamodbav:"quantity"`
	Expires  int64  `dynamodbav:"expires"`         // Unix seconds
	Stock    *int64 `dynamodbav:"stock,omitempty"` // what the buyer was told, once it was
}

func (s *Store) purchaseKey(key string) string { return s.catalogue + "/" + key }

// buyOnce sells what a key has not bought yet: the stock and the key in one
// transaction, so that there is none without the other.
func (s *Store) buyOnce(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	in, err := s.transaction(p, time.Now())
	if err != nil {
		return toystore.Sale{}, err
	}
	repeated, err := dynamo.Transact(ctx, s.client, in)
	var cancelled *types.TransactionCanceledException
	switch {
	case err == nil:
		return s.answer(ctx, p)
	case !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != 2:
		return toystore.Sale{}, dynamo.Unknown(err, repeated)
	}
	toy, before := cancelled.CancellationReasons[0], cancelled.CancellationReasons[1]
	switch {
	case refused(before): // also by our own attempt whose answer was lost
		return s.again(ctx, p, before.Item)
	case refused(toy):
		stands, err := toyOf(toy.Item)
		if err != nil {
			return toystore.Sale{}, err
		}
		return unsold(stands)
	}
	return toystore.Sale{}, dynamo.Unknown(fmt.Errorf("the transaction was cancelled: %w", err), repeated)
}

func refused(r types.CancellationReason) bool {
	return aws.ToString(r.Code) == "ConditionalCheckFailed"
}

func (s *Store) transaction(p toystore.Purchase, now time.Time) (*dynamodb.TransactWriteItemsInput, error) {
	sale, err := expression.NewBuilder().WithUpdate(less(p.Quantity)).WithCondition(inStock(p.Quantity)).Build()
	if err != nil {
		return nil, err
	}
	unused, err := expression.NewBuilder().WithCondition(expression.Or(
		expression.AttributeNotExists(expression.Name("key")),
		expression.LessThanEqual(expression.Name("expires"), expression.Value(now.Unix())), // DynamoDB takes its time to remove it
	)).Build()
	if err != nil {
		return nil, err
	}
	row, err := attributevalue.MarshalMap(purchase{
		Key: s.purchaseKey(p.Key), Toy: p.Toy, Quantity: p.Quantity, Expires: now.Add(toystore.KeyLife).Unix(),
	})
	return &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: aws.String(rand.Text()),
		TransactItems: []types.TransactWriteItem{{Update: &types.Update{
			TableName: &s.tables.Toys, Key: s.key(p.Toy),
			UpdateExpression: sale.Update(), ConditionExpression: sale.Condition(),
			ExpressionAttributeNames: sale.Names(), ExpressionAttributeValues: sale.Values(),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}}, {Put: &types.Put{
			TableName: &s.tables.Purchases, Item: row, ConditionExpression: unused.Condition(),
			ExpressionAttributeNames: unused.Names(), ExpressionAttributeValues: unused.Values(),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}}},
	}, err
}

// again answers a key that has bought before as it was answered then.
func (s *Store) again(ctx context.Context, p toystore.Purchase, row map[string]types.AttributeValue) (toystore.Sale, error) {
	var before purchase
	if err := attributevalue.UnmarshalMap(row, &before); err != nil {
		return toystore.Sale{}, err
	}
	if before.Toy != p.Toy || before.Quantity != p.Quantity {
		return toystore.Sale{}, toystore.ErrKeyUsed
	}
	if before.Stock != nil {
		return toystore.Sale{Result: toystore.Bought, Stock: *before.Stock}, nil
	}
	return s.answer(ctx, p)
}

// answer reads what is left after a sale, and notes it with the key: a transaction
// does not tell. Whoever comes first settles what is answered from then on.
func (s *Store) answer(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	toy, err := s.Toy(ctx, p.Toy)
	if err != nil {
		return toystore.Sale{}, dynamo.Unknown(err, true)
	}
	stock := expression.Name("stock")
	e, err := expression.NewBuilder().
		WithUpdate(expression.Set(stock, stock.IfNotExists(expression.Value(toy.Stock)))).
		WithCondition(expression.AttributeExists(expression.Name("key"))).Build()
	if err != nil {
		return toystore.Sale{}, err
	}
	out, _, err := dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName:        &s.tables.Purchases,
		Key:              map[string]types.AttributeValue{"key": &types.AttributeValueMemberS{Value: s.purchaseKey(p.Key)}},
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValues: types.ReturnValueAllNew,
	})
	if err != nil {
		return toystore.Sale{}, dynamo.Unknown(err, true)
	}
	var settled purchase
	if err := attributevalue.UnmarshalMap(out.Attributes, &settled); err != nil {
		return toystore.Sale{}, err
	}
	return toystore.Sale{Result: toystore.Bought, Stock: *settled.Stock}, nil
}
