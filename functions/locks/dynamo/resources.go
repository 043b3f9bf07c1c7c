package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/locks"
	"lockstep/shared/dynamo"
	"lockstep/shared/failure"
	leasedynamo "lockstep/shared/lease/dynamo"
)

// resource is an item of the table Resources.
type resource struct {
	State   *string `dynamodbav:"state"`   // nil: it was never written
	Token   int64   `dynamodbav:"token"`   // the highest fencing token that has been here
	Wrote   int64   `dynamodbav:"wrote"`   // the one that wrote last
	Version int64   `dynamodbav:"version"` // counts writes
	Write   string  `dynamodbav:"write"`   // the id of the last one
}

func (r resource) state() string {
	if r.State == nil {
		return locks.InitialState
	}
	return *r.State
}

func (s *Store) resourceKey(id int64) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"namespace": &types.AttributeValueMemberS{Value: s.Namespace},
		"resource":  &types.AttributeValueMemberN{Value: strconv.FormatInt(id, 10)},
	}
}

func resourceOf(item map[string]types.AttributeValue) (r resource, err error) {
	return r, attributevalue.UnmarshalMap(item, &r)
}

// State implements locks.Store.
func (s *Store) State(ctx context.Context, id int64) (string, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Tables.Resources, Key: s.resourceKey(id), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return "", err
	}
	r, err := resourceOf(out.Item)
	return r.state(), err
}

// tokenAttribute is where a resource remembers the highest fencing token.
const tokenAttribute = "token"

// ReadState implements locks.Store: one write, that leaves the token and returns what
// stands there. To repeat it does no harm.
func (s *Store) ReadState(ctx context.Context, id, token int64) (string, error) {
	register, fence := leasedynamo.Fence(tokenAttribute, token)
	e, err := expression.NewBuilder().WithUpdate(register).WithCondition(fence).Build()
	if err != nil {
		return "", err
	}
	out, _, err := dynamo.Update(ctx, s.Client, &dynamodb.UpdateItemInput{
		TableName: &s.Tables.Resources, Key: s.resourceKey(id), ReturnValues: types.ReturnValueAllNew,
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var refused *types.ConditionalCheckFailedException
	if errors.As(err, &refused) {
		return passed(refused.Item, token)
	}
	if err != nil {
		return "", err
	}
	r, err := resourceOf(out.Attributes)
	return r.state(), err
}

// passed is the answer to a reader whom somebody with a higher token was before.
func passed(item map[string]types.AttributeValue, token int64) (string, error) {
	r, err := resourceOf(item)
	switch {
	case err != nil:
		return "", err
	case r.Wrote > token:
		return "", locks.ErrOutdated
	default:
		return r.state(), locks.ErrPassed
	}
}

// writeTries is how often a write is made anew that met another one of the same
// lease's holder.
const writeTries = 5

// WriteStates implements locks.Store: one transaction, conditional at each resource
// on the token and on the version that was read before, so that a late attempt can't
// undo what the same holder has written since.
func (s *Store) WriteStates(ctx context.Context, token int64, states map[int64]string) error {
	for range writeTries {
		seen, err := s.read(ctx, slices.Sorted(maps.Keys(states)))
		if err != nil {
			return err
		}
		if err := s.transact(ctx, token, states, seen); !errors.Is(err, errOvertaken) {
			return err
		}
	}
	return failure.New(failure.Conflict, "the same lease writes there at the same time")
}

// errOvertaken says that a resource was written since it was read, but by nobody
// with a higher token.
var errOvertaken = errors.New("overtaken")

// read reads resources, all of which may not be of one moment.
func (s *Store) read(ctx context.Context, ids []int64) (map[int64]resource, error) {
	keys := make([]map[string]types.AttributeValue, len(ids))
	for i, id := range ids {
		keys[i] = s.resourceKey(id)
	}
	items, err := dynamo.BatchGet(ctx, s.Client, s.Tables.Resources, keys)
	if err != nil {
		return nil, err
	}
	found := map[int64]resource{}
	for _, item := range items {
		var key struct {
			ID int64 `dynamodbav:"resource"`
		}
		r, err := resourceOf(item)
		if err := errors.Join(err, attributevalue.UnmarshalMap(item, &key)); err != nil {
			return nil, err
		}
		found[key.ID] = r
	}
	return found, nil
}

func (s *Store) transact(ctx context.Context, token int64, states map[int64]string, seen map[int64]resource) error {
	write := rand.Text()
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: &write}
	for _, id := range slices.Sorted(maps.Keys(states)) {
		update, err := s.update(id, token, states[id], write, seen[id])
		if err != nil {
			return err
		}
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Update: update})
	}
	repeated, err := dynamo.Transact(ctx, s.Client, in)
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return dynamo.Unknown(err, repeated)
	}
	for _, reason := range cancelled.CancellationReasons {
		if aws.ToString(reason.Code) != "ConditionalCheckFailed" {
			continue
		}
		switch stands, err := resourceOf(reason.Item); {
		case err != nil:
			return err
		case stands.Write == write:
			return nil // by our own attempt whose answer was lost
		case stands.Token > token:
			return locks.ErrOutdated
		default:
			return errOvertaken
		}
	}
	return dynamo.Unknown(fmt.Errorf("the transaction was cancelled: %w", err), repeated)
}

func (s *Store) update(id, token int64, state, write string, seen resource) (*types.Update, error) {
	version := expression.Name("version")
	unchanged := expression.AttributeNotExists(version)
	if seen.Version > 0 {
		unchanged = expression.Equal(version, expression.Value(seen.Version))
	}
	register, fence := leasedynamo.Fence(tokenAttribute, token)
	e, err := expression.NewBuilder().
		WithUpdate(register.
			Set(expression.Name("state"), expression.Value(state)).
			Set(expression.Name("wrote"), expression.Value(token)).
			Set(version, expression.Value(seen.Version+1)).
			Set(expression.Name("write"), expression.Value(write))).
		WithCondition(fence.And(unchanged)).Build()
	return &types.Update{
		TableName: &s.Tables.Resources, Key: s.resourceKey(id),
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, err
}

// UseID implements locks.Store.
func (s *Store) UseID(ctx context.Context, id string, token int64) error {
	e, err := expression.NewBuilder().WithCondition(expression.Or(
		expression.AttributeNotExists(expression.Name("id")),
		expression.Equal(expression.Name("token"), expression.Value(token)),
	)).Build()
	if err != nil {
		return err
	}
	item, err := attributevalue.MarshalMap(map[string]any{
		"id": s.Namespace + "/" + id, "token": token, "expires": time.Now().Add(locks.IDsKept).Unix(),
	})
	if err != nil {
		return err
	}
	_, err = s.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.Tables.LeaseIDs, Item: item, ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	})
	var used *types.ConditionalCheckFailedException
	if errors.As(err, &used) {
		return locks.ErrIDUsed
	}
	return dynamo.Unknown(err, false)
}
