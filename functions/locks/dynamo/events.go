package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"lockstep/functions/locks"
)

// happened is an item of the table Events.
type happened struct {
	Namespace string   `dynamodbav:"namespace"`
	Seq       int64    `dynamodbav:"seq"`
	At        string   `dynamodbav:"at"`
	Event     string   `dynamodbav:"event"`
	Endpoints []string `dynamodbav:"endpoints"`
	ID        string   `dynamodbav:"id,omitempty"`
	Owner     string   `dynamodbav:"owner,omitempty"`
	Token     int64    `dynamodbav:"token"`
	Expires   int64    `dynamodbav:"expires"` // Unix seconds, for the table's time to live
}

// Events implements locks.Store.
func (s *Store) Events(ctx context.Context, seq int64, limit int) ([]locks.Event, error) {
	rows, err := s.happened(ctx, expression.Key("seq").GreaterThan(expression.Value(seq)), true, limit)
	if err != nil {
		return nil, err
	}
	events := make([]locks.Event, len(rows))
	for i, r := range rows {
		events[i] = locks.Event{Seq: r.Seq, At: r.At, Event: r.Event, Endpoints: r.Endpoints, ID: r.ID, Owner: r.Owner, Token: r.Token}
	}
	return events, nil
}

// LastEvent implements locks.Store.
func (s *Store) LastEvent(ctx context.Context) (int64, error) {
	rows, err := s.happened(ctx, expression.Key("seq").GreaterThan(expression.Value(0)), false, 1)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].Seq, nil
}

// happened reads one page of the namespace's events.
func (s *Store) happened(ctx context.Context, which expression.KeyConditionBuilder, forward bool, limit int) ([]happened, error) {
	e, err := expression.NewBuilder().
		WithKeyCondition(expression.Key("namespace").Equal(expression.Value(s.Namespace)).And(which)).Build()
	if err != nil {
		return nil, err
	}
	page, err := s.Client.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.Tables.Events, ConsistentRead: aws.Bool(true), ScanIndexForward: &forward, Limit: aws.Int32(int32(limit)), //nolint:gosec // a thousand at most
		KeyConditionExpression:   e.KeyCondition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	})
	if err != nil {
		return nil, err
	}
	var rows []happened
	return rows, attributevalue.UnmarshalListOfMaps(page.Items, &rows)
}
