package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"lockstep/functions/locks"
	"lockstep/shared/dynamo"
	"lockstep/shared/failure"
)

// A namespace is one item that is never deleted: "n" counts tickets, "v" counts
// writes, "m" is when the last one was made (Unix milliseconds), "f" is the trace of
// what was freed last, and each lock is two attributes, its ticket and its entry.
// The names of the latter two carry the endpoint's behind a prefix, so that no name
// can collide with another attribute. Graves are in grave.go.
const (
	ticketPrefix = "t/"
	entryPrefix  = "e/"
)

// entry is who holds an endpoint. Attempt is drawn anew by everyone who tries, so
// that a write can tell whether it meets its own earlier attempt or somebody else.
type entry struct {
	Attempt string `dynamodbav:"a"`
	Expires int64  `dynamodbav:"x,omitempty"` // Unix milliseconds; 0: never, as the old API's locks
}

// trace is left by whoever frees an entry: which attempt took it, and an id drawn
// anew by everyone who tries to free it. The item keeps the last one, for a write
// that finds its entry gone and does not know whether it did it itself.
type trace struct {
	Attempt string `dynamodbav:"a"`
	By      string `dynamodbav:"b"`
}

// errReplaced says that an endpoint is held, but not by the entry that was to be freed.
var errReplaced = errors.New("another lock stands in its place")

// view is a namespace's item as it was at one moment.
type view map[string]types.AttributeValue

// holder returns who holds the endpoint, if anybody does.
func (v view) holder(endpoint string) (e entry, held bool) {
	stored, ok := v[entryPrefix+endpoint]
	if !ok || attributevalue.Unmarshal(stored, &e) != nil {
		return entry{}, ok
	}
	return e, e.Expires == 0 || e.Expires > time.Now().UnixMilli()
}

// freedBySomebodyElse tells that the entry of mine was freed, but not by us. Once
// another entry has been freed there is no telling any more.
func (v view) freedBySomebodyElse(mine trace) bool {
	var last trace
	if stored, ok := v["f"]; !ok || attributevalue.Unmarshal(stored, &last) != nil {
		return false
	}
	return last.Attempt == mine.Attempt && last.By != mine.By
}

func (s *Store) view(ctx context.Context) (view, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Namespaces, Key: s.namespaceKey(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}

func (s *Store) namespaceKey() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"namespace": &types.AttributeValueMemberS{Value: s.Namespace}}
}

// take takes the endpoint until then (Unix milliseconds; 0: for ever), and returns
// the entry that stands for it: one conditional write, and two more if an expired
// entry stands in the way, which goes first.
// Errors: locks.ErrAlreadyLocked.
func (s *Store) take(ctx context.Context, endpoint string, until int64) (entry, error) {
	for {
		e := entry{Attempt: rand.Text(), Expires: until}
		stood, repeated, err := s.tryToTake(ctx, endpoint, e)
		if repeated && (err == nil || errors.Is(err, errRefused)) {
			if err := s.bury(ctx, e.Attempt); err != nil {
				return e, err
			}
		}
		if !errors.Is(err, errRefused) {
			return e, err
		}
		holder, live := stood.holder(endpoint)
		switch {
		case repeated && holder.Attempt == e.Attempt:
			return e, nil // an earlier attempt of ours, whose answer was lost
		case live:
			return e, locks.ErrAlreadyLocked
		}
		if err := s.free(ctx, endpoint, holder, stood); err != nil && !errors.Is(err, errReplaced) && !errors.Is(err, locks.ErrAlreadyUnlocked) {
			return e, err
		}
	}
}

// tryToTake writes the entry, if nothing stands there and its attempt is not buried.
func (s *Store) tryToTake(ctx context.Context, endpoint string, e entry) (stood view, repeated bool, err error) {
	held := expression.NameNoDotSplit(entryPrefix + endpoint)
	ticket := next("n", time.Now().UnixMilli())
	update := expression.
		Set(held, expression.Value(e)).
		Set(expression.NameNoDotSplit(ticketPrefix+endpoint), ticket).
		Set(expression.Name("n"), ticket)
	return s.write(ctx, update, expression.AttributeNotExists(held).And(expression.AttributeNotExists(grave(e.Attempt))))
}

// free removes the entry e, and no other, in one conditional write, and with it the
// graves that are old in the view, if the caller has one.
// Errors: locks.ErrAlreadyUnlocked when nothing stands there, errReplaced.
func (s *Store) free(ctx context.Context, endpoint string, e entry, seen view) error {
	held := expression.NameNoDotSplit(entryPrefix + endpoint)
	mine := trace{Attempt: e.Attempt, By: rand.Text()}
	update := expression.
		Remove(held).Remove(expression.NameNoDotSplit(ticketPrefix+endpoint)).
		Set(expression.Name("f"), expression.Value(mine))
	for _, old := range seen.oldGraves() {
		update = update.Remove(old)
	}
	stood, repeated, err := s.write(ctx, update, expression.Equal(held, expression.Value(e)))
	switch {
	case !errors.Is(err, errRefused):
		return err
	case repeated && stood.freedBySomebodyElse(mine):
		return locks.ErrAlreadyUnlocked
	case repeated:
		return nil // it stood when we came, and is gone: by our lost attempt, for all we know
	case stood[entryPrefix+endpoint] == nil:
		return locks.ErrAlreadyUnlocked
	default:
		return errReplaced
	}
}

// next is a counter's next value. One that is made anew starts at the time, above
// all that an earlier one of its name has counted.
func next(counter string, now int64) expression.SetValueBuilder {
	return expression.Plus(expression.IfNotExists(expression.Name(counter), expression.Value(now)), expression.Value(1))
}

// errRefused says that a write's condition did not hold.
var errRefused = errors.New("the condition does not hold")

// write changes the namespace's item if the condition holds, and counts it in "v".
// If it does not hold, stood is the item that stood in the way. What repeated
// means is said at dynamo.Update.
func (s *Store) write(ctx context.Context, update expression.UpdateBuilder, condition expression.ConditionBuilder) (stood view, repeated bool, err error) {
	now := time.Now().UnixMilli()
	update = update.Set(expression.Name("v"), next("v", now)).Set(expression.Name("m"), expression.Value(now))
	e, err := expression.NewBuilder().WithUpdate(update).WithCondition(condition).Build()
	if err != nil {
		return nil, false, err
	}
	_, repeated, err = dynamo.Update(ctx, s.Client, &dynamodb.UpdateItemInput{
		TableName: &s.Namespaces, Key: s.namespaceKey(),
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var refused *types.ConditionalCheckFailedException
	if errors.As(err, &refused) {
		return refused.Item, repeated, errRefused
	}
	return nil, repeated, unknown(err, repeated)
}

// unknown marks the error of a write that may have been made all the same: no answer
// to some attempt came. A caller must not take that for a write that was not made.
func unknown(err error, repeated bool) error {
	var answer smithy.APIError
	if err == nil || !repeated && errors.As(err, &answer) {
		return err
	}
	return &failure.Error{Code: failure.Upstream, Message: "the store did not answer; whether it was done is unknown", Err: err}
}
