package dynamo_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep/shared/dynamo"
	"lockstep/shared/operation"
)

// unreachable is a network without anybody else.
type unreachable struct{}

func (unreachable) Do(*http.Request) (*http.Response, error) { return nil, errors.New("unreachable") }

// requests are made by a client, each with the calls that it is to IAM.
var requests = map[string]struct {
	make func(context.Context, *dynamodb.Client) error
	want []dynamo.Call
}{
	"one item": {func(ctx context.Context, c *dynamodb.Client) error {
		_, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("Toys"), Key: key()})
		return err
	}, dynamo.On("Toys", "GetItem")},
	"a query": {func(ctx context.Context, c *dynamodb.Client) error {
		_, err := c.Query(ctx, &dynamodb.QueryInput{TableName: aws.String("Toys")})
		return err
	}, dynamo.On("Toys", "Query")},
	"what is about no table": {func(ctx context.Context, c *dynamodb.Client) error {
		_, err := c.ListTables(ctx, &dynamodb.ListTablesInput{})
		return err
	}, dynamo.On("", "ListTables")},
	"a batch": {func(ctx context.Context, c *dynamodb.Client) error {
		_, err := c.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			"Toys": {Keys: []map[string]types.AttributeValue{key()}},
		}})
		return err
	}, dynamo.On("Toys", "BatchGetItem")},
	"a batch of writes": {func(ctx context.Context, c *dynamodb.Client) error {
		_, err := c.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
			"Toys": {{DeleteRequest: &types.DeleteRequest{Key: key()}}},
		}})
		return err
	}, dynamo.On("Toys", "BatchWriteItem")},
	"a transaction that reads": {func(ctx context.Context, c *dynamodb.Client) error {
		_, err := c.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: aws.String("Toys"), Key: key()}},
		}})
		return err
	}, dynamo.On("Toys", "GetItem")},
	"a transaction that writes": {func(ctx context.Context, c *dynamodb.Client) error {
		toys := aws.String("Toys")
		_, err := c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: toys, Item: key()}},
			{Update: &types.Update{TableName: toys, Key: key(), UpdateExpression: aws.String("REMOVE a")}},
			{Delete: &types.Delete{TableName: toys, Key: key()}},
			{ConditionCheck: &types.ConditionCheck{TableName: toys, Key: key(), ConditionExpression: aws.String("attribute_exists(a)")}},
		}})
		return err
	}, dynamo.On("Toys", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")},
}

func key() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}}
}

func TestRecording(t *testing.T) {
	t.Parallel()
	for name, c := range requests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []dynamo.Call
			client := dynamodb.New(dynamodb.Options{Region: "us-east-1", RetryMaxAttempts: 2, HTTPClient: unreachable{}, Credentials: aws.AnonymousCredentials{}},
				dynamo.Recording(func(operation string, c dynamo.Call) {
					require.Equal(t, "buy", operation)
					got = append(got, c)
				}))
			require.ErrorContains(t, c.make(operation.WithName(t.Context(), "buy"), client), "unreachable")
			require.Equal(t, c.want, got, "attempts are not told, calls are, whatever becomes of them")
		})
	}
}
