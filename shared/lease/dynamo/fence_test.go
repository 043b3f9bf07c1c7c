package dynamo_test

import (
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep/shared/lease/dynamo"
	"lockstep/shared/need"
)

func TestFenceKeepsOutWhoIsOlderThanWhoHasBeenThere(t *testing.T) {
	t.Parallel()
	client := need.DynamoDB(t)
	table, row := "LeaseIds", map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: rand.Text()}}
	// touch writes to the row under a token, or only reads it.
	touch := func(token int64, value string) error {
		update, fence := dynamo.Fence("token", token)
		if value != "" {
			update = update.Set(expression.Name("value"), expression.Value(value))
		}
		e, err := expression.NewBuilder().WithUpdate(update).WithCondition(fence).Build()
		require.NoError(t, err)
		_, err = client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: &table, Key: row, UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
			ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		})
		return err
	}
	require.NoError(t, touch(5, "by five"))
	require.NoError(t, touch(5, "by five again"))
	require.NoError(t, touch(7, ""), "seven reads")
	var refused *types.ConditionalCheckFailedException
	require.ErrorAs(t, touch(5, "by five, who has slept"), &refused)
	require.ErrorAs(t, touch(6, ""), &refused, "an outdated reader learns it too")
	require.NoError(t, touch(8, "by eight"))
}
