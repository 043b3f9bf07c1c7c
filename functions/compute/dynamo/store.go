// Package dynamo is the compute service's store on DynamoDB.
//
// Two tables. Logins has one item a user, with the number of logins. Runs has, for each
// run of a cluster, one item for the run itself and one for each shard that has counted
// or failed, for a month.
package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/compute"
	"lockstep/shared/dynamo/once"
)

// Store implements compute.Store. Safe for concurrent use, by any number of processes.
// Use New.
type Store struct {
	client *dynamodb.Client
	tables Tables
	group  string
	logins *once.Writer
	runs   *once.Writer
}

// Tables are the tables' names.
type Tables struct{ Logins, Runs string }

// LogicalTables are the tables as a database for tests has them: under the names
// that they have in template.yaml.
func LogicalTables() Tables { return Tables{"Logins", "Runs"} }

// DefaultGroup is whom a deployed service counts the logins of.
const DefaultGroup = "users"

var _ compute.Store = (*Store)(nil)

// New returns the store of one group of users; a table has any number of them. It calls
// nothing.
func New(client *dynamodb.Client, tables Tables, group string) *Store {
	return &Store{client, tables, group, once.New(client, tables.Logins), once.New(client, tables.Runs)}
}

// CountLogin implements compute.Store.
func (s *Store) CountLogin(ctx context.Context, user string) error {
	_, err := s.logins.Write(ctx, user, map[string]types.AttributeValue{
		"group": &types.AttributeValueMemberS{Value: s.group}, "user": &types.AttributeValueMemberS{Value: user},
	}, expression.Add(expression.Name("logins"), expression.Value(1)))
	return err
}

// Logins implements compute.Store.
func (s *Store) Logins(ctx context.Context) (map[string]int64, error) {
	all := map[string]int64{}
	err := s.query(ctx, s.tables.Logins, "group", s.group, func(item map[string]types.AttributeValue) error {
		var row struct {
			User   string `dynamodbav:"user"`
			Logins int64  `dynamodbav:"logins"`
		}
		err := attributevalue.UnmarshalMap(item, &row)
		all[row.User] = row.Logins
		return err
	})
	return all, err
}

// query calls each with all items of a partition.
func (s *Store) query(ctx context.Context, table, key, value string, each func(map[string]types.AttributeValue) error) error {
	e, err := expression.NewBuilder().WithKeyCondition(expression.Key(key).Equal(expression.Value(value))).Build()
	if err != nil {
		return err
	}
	pages := dynamodb.NewQueryPaginator(s.client, &dynamodb.QueryInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression: e.KeyCondition(), ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := each(item); err != nil {
				return err
			}
		}
	}
	return nil
}
