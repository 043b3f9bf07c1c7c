// Package dynamo is the toy store's catalogue on DynamoDB.
//
// Two tables. Toys has one item a toy, all under one partition key, so that the list
// comes in the order of names (DynamoDB splits such a partition where it is hot).
// Purchases has one item an idempotency key that has bought, for a day.
package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/toystore"
	"lockstep/shared/dynamo/once"
)

// Store implements toystore.Store. Safe for concurrent use, by any number of processes.
// Use New.
type Store struct {
	client    *dynamodb.Client
	tables    Tables
	catalogue string

	reads  reads
	writes *once.Writer
}

// Tables are the tables' names.
type Tables struct{ Toys, Purchases string }

// LogicalTables are the tables as a database for tests has them: under the names
// that they have in template.yaml.
func LogicalTables() Tables { return Tables{"Toys", "Purchases"} }

// DefaultCatalogue is the catalogue that a deployed service serves.
const DefaultCatalogue = "toys"

var _ toystore.Store = (*Store)(nil)

// New returns the store of one catalogue; a table has any number of them. It calls
// nothing.
func New(client *dynamodb.Client, tables Tables, catalogue string) *Store {
	s := &Store{client: client, tables: tables, catalogue: catalogue, writes: once.New(client, tables.Toys)}
	s.reads.read = s.readAll
	return s
}

// Names of attributes, beside the marks of package once.
const (
	partitionKey = "catalogue"
	sortKey      = "name"
	stockName    = "stock"
	priceName    = "price"
)

// item is an item of the table Toys, but for its marks.
type item struct {
	Name  string `dynamodbav:"name"`
	Price int64  `dynamodbav:"price"`
	Stock int64  `dynamodbav:"stock"`
}

func toyOf(attributes map[string]types.AttributeValue) (toystore.Toy, error) {
	var i item
	err := attributevalue.UnmarshalMap(attributes, &i)
	return toystore.Toy(i), err
}

func (s *Store) key(name string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		partitionKey: &types.AttributeValueMemberS{Value: s.catalogue},
		sortKey:      &types.AttributeValueMemberS{Value: name},
	}
}

// Toy implements toystore.Store: a plain read, strongly consistent, so that a sale that
// was answered is seen.
func (s *Store) Toy(ctx context.Context, name string) (toystore.Toy, error) {
	return s.reads.Toy(ctx, name)
}

// Toys implements toystore.Store.
func (s *Store) Toys(ctx context.Context, after string, limit int) ([]toystore.Toy, error) {
	mine := expression.Key(partitionKey).Equal(expression.Value(s.catalogue))
	if after != "" {
		mine = mine.And(expression.Key(sortKey).GreaterThan(expression.Value(after)))
	}
	e, err := expression.NewBuilder().WithKeyCondition(mine).Build()
	if err != nil {
		return nil, err
	}
	in := &dynamodb.QueryInput{
		TableName: &s.tables.Toys, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit)), //nolint:gosec // a page
		KeyConditionExpression: e.KeyCondition(), ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	}
	var toys []toystore.Toy
	for pages := dynamodb.NewQueryPaginator(s.client, in); pages.HasMorePages() && len(toys) < limit; {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, i := range page.Items {
			toy, err := toyOf(i)
			if err != nil {
				return nil, err
			}
			toys = append(toys, toy)
		}
	}
	return toys[:min(limit, len(toys))], nil
}
