package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/compute"
	"lockstep/shared/dynamo"
	"lockstep/shared/dynamo/once"
)

// runLife is for how long a run is kept.
const runLife = 30 * 24 * time.Hour

// What a run's items have behind its id. A shard's two are apart, so that noting a
// failure never stands in the way of noting a count.
const (
	runPart     = "run"
	countPart   = "count#"
	failurePart = "failure#"
)

// run is the item of a run itself. Times are Unix milliseconds.
type run struct {
	ID          string `dynamodbav:"run"`
	Simulations int64  `dynamodbav:"simulations"`
	Shards      int    `dynamodbav:"shards"`
	Seed        int64  `dynamodbav:"seed"`
	Began       int64  `dynamodbav:"began"`
	Ended       int64  `dynamodbav:"ended,omitempty"`
	Hits        int64  `dynamodbav:"hits,omitempty"`
	Error       string `dynamodbav:"error,omitempty"`
}

func key(id, part string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"run": &types.AttributeValueMemberS{Value: id}, "part": &types.AttributeValueMemberS{Value: part},
	}
}

// CreateRun implements compute.Store. A late attempt must not undo what the run has
// become since.
func (s *Store) CreateRun(ctx context.Context, r compute.Run) error {
	began := expression.Name("began")
	return s.first(ctx, r.ID, runPart, began, expression.
		Set(began, expression.Value(r.Began.UnixMilli())).
		Set(expression.Name("simulations"), expression.Value(r.Simulations)).
		Set(expression.Name("shards"), expression.Value(r.Shards)).
		Set(expression.Name("seed"), expression.Value(r.Seed)).
		Set(expression.Name("expires"), expression.Value(r.Began.Add(runLife).Unix())))
}

// maxID is how long an id may be that is looked for: DynamoDB takes no key above 2,048
// bytes.
const maxID = 100

// Run implements compute.Store.
func (s *Store) Run(ctx context.Context, id string) (compute.Run, error) {
	if id == "" || len(id) > maxID {
		return compute.Run{}, compute.ErrNoSuchRun
	}
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.tables.Runs, Key: key(id, runPart), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return compute.Run{}, err
	}
	if out.Item == nil {
		return compute.Run{}, compute.ErrNoSuchRun
	}
	var row run
	if err := attributevalue.UnmarshalMap(out.Item, &row); err != nil {
		return compute.Run{}, err
	}
	r := compute.Run{ID: row.ID, Simulations: row.Simulations, Shards: row.Shards, Seed: row.Seed, Began: time.UnixMilli(row.Began)}
	if row.Ended != 0 {
		r.End = &compute.End{At: time.UnixMilli(row.Ended), Hits: row.Hits, Error: row.Error}
	}
	return r, nil
}

// part writes a shard's number so that parts sort by it.
func part(kind string, shard int) string { return fmt.Sprintf("%s%05d", kind, shard) }

// PutShard implements compute.Store: the first count stands.
func (s *Store) PutShard(ctx context.Context, id string, shard int, hits int64) error {
	count := expression.Name("hits")
	return s.first(ctx, id, part(countPart, shard), count, expression.
		Set(count, expression.Value(hits)).
		Set(expression.Name("expires"), expression.Value(time.Now().Add(runLife).Unix())))
}

// EndRun implements compute.Store: the first end stands.
func (s *Store) EndRun(ctx context.Context, id string, end compute.End) error {
	ended := expression.Name("ended")
	u := expression.Set(ended, expression.Value(end.At.UnixMilli())).Set(expression.Name("hits"), expression.Value(end.Hits))
	if end.Error != "" {
		u = u.Set(expression.Name("error"), expression.Value(end.Error))
	}
	return s.first(ctx, id, runPart, ended, u)
}

// first makes an update unless one like it has been made, be it by an attempt of ours:
// the attribute tells.
func (s *Store) first(ctx context.Context, id, part string, attribute expression.NameBuilder, u expression.UpdateBuilder) error {
	e, err := expression.NewBuilder().WithUpdate(u).WithCondition(expression.AttributeNotExists(attribute)).Build()
	if err != nil {
		return err
	}
	_, repeated, err := dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName: &s.tables.Runs, Key: key(id, part),
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	})
	var before *types.ConditionalCheckFailedException
	if errors.As(err, &before) {
		return nil
	}
	return dynamo.Unknown(err, repeated)
}

// FailShard implements compute.Store.
func (s *Store) FailShard(ctx context.Context, id string, shard int, why string) (attempts int, err error) {
	at := part(failurePart, shard)
	item, err := s.runs.Write(ctx, id+at, key(id, at), expression.
		Add(expression.Name("attempts"), expression.Value(1)).
		Set(expression.Name("why"), expression.Value(why)).
		Set(expression.Name("expires"), expression.Value(time.Now().Add(runLife).Unix())))
	if err != nil {
		return 0, err
	}
	var row shardRow
	err = attributevalue.UnmarshalMap(item, &row)
	return row.Attempts, err
}

// shardRow is an item of a shard, of either kind.
type shardRow struct {
	Part     string `dynamodbav:"part"`
	Hits     int64  `dynamodbav:"hits"`
	Attempts int    `dynamodbav:"attempts"`
	Why      string `dynamodbav:"why"`
}

// Shards implements compute.Store.
func (s *Store) Shards(ctx context.Context, id string) (counted map[int]int64, failed map[int]compute.Failure, err error) {
	counted, failed = map[int]int64{}, map[int]compute.Failure{}
	err = s.query(ctx, s.tables.Runs, "run", id, func(item once.Item) error {
		var row shardRow
		if err := attributevalue.UnmarshalMap(item, &row); err != nil {
			return err
		}
		kind, number, isShard := strings.Cut(row.Part, "#")
		shard, err := strconv.Atoi(number)
		switch {
		case !isShard:
			return nil
		case kind+"#" == countPart:
			counted[shard] = row.Hits
		default:
			failed[shard] = compute.Failure{Attempts: row.Attempts, Why: row.Why}
		}
		return err
	})
	return counted, failed, err
}
