// Package dynamo keeps a lease.Store's namespace in DynamoDB: one item a namespace,
// changed by plain conditional writes, never by transactions. The table's key is
// "namespace" (S). A namespace needs no set-up: its first write makes the item,
// which is never deleted.
//
// The item: "n" the last ticket, "v" the number of writes, "b" the weight, "m" when
// the last write was made, "f" how the last entries ended; and for each entry its
// ticket "t/<id>", a number so that the table counts it up itself, and the rest of
// it "e/<id>"; for each tomb "x/<id>". Times are Unix milliseconds.
package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/shared/dynamo"
	"lockstep/shared/lease"
)

// Store implements lease.Store. Safe for concurrent use, by any number of processes.
type Store struct {
	Client    *dynamodb.Client
	Table     string
	Namespace string
}

var _ lease.Store = (*Store)(nil)

// Read implements lease.Store. It costs one read unit for 4 KB of the item, half of
// that if it need not be consistent.
func (s *Store) Read(ctx context.Context, consistent bool) (lease.View, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: s.key(), ConsistentRead: &consistent})
	if err != nil {
		return lease.View{}, err
	}
	return Decode(out.Item)
}

// Write implements lease.Store. It costs one write unit for 1 KB of the item, also
// if it is refused.
func (s *Store) Write(ctx context.Context, b lease.Batch) (lease.Written, error) {
	e, err := express(b)
	if err != nil {
		return lease.Written{}, err
	}
	out, repeated, err := dynamo.Update(ctx, s.Client, &dynamodb.UpdateItemInput{
		TableName: &s.Table, Key: s.key(),
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var refused *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &refused):
		view, err := Decode(refused.Item)
		return lease.Written{View: view, Repeated: repeated}, err
	case err != nil:
		return lease.Written{}, unknown(err, repeated)
	}
	view, err := Decode(out.Attributes)
	return lease.Written{Done: true, View: view, Repeated: repeated}, err
}

// unknown marks the error of a write that may have been made all the same: no
// answer to some attempt came. One that was throttled to the end was not made.
func unknown(err error, repeated bool) error {
	if !repeated && dynamo.Throttled(err) {
		return fmt.Errorf("%w: %w", lease.ErrBusy, err)
	}
	if !repeated && dynamo.Answered(err) {
		return err
	}
	return fmt.Errorf("%w: %w", lease.ErrUnknown, err)
}

func (s *Store) key() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"namespace": &types.AttributeValueMemberS{Value: s.Namespace}}
}

// CreateTable is what a table for namespaces needs, for services that have no
// template of their own.
func CreateTable(name string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("namespace"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("namespace"), KeyType: types.KeyTypeHash}},
	}
}
