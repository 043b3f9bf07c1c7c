// Package dynamo is the store of the locks service on DynamoDB.
//
// Five tables. Namespaces has one item a registry, in which everything stands that is
// locked or leased there; package lease/dynamo keeps it. Endpoints has one item an
// endpoint, with the ids that it serves. Resources has one item a resource that was
// ever written or read under a lease. LeaseIds has one item a lease's id that its
// caller chose, for an hour. Events has one item an event, for an hour.
package dynamo

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/locks"
	"lockstep/shared/dynamo"
	"lockstep/shared/lease"
	leasedynamo "lockstep/shared/lease/dynamo"
)

// Store implements locks.Store. Safe for concurrent use, by any number of processes.
type Store struct {
	Client    *dynamodb.Client
	Tables    Tables
	Namespace string // which registry this is
}

// Tables are the tables' names.
type Tables struct{ Namespaces, Endpoints, Resources, LeaseIDs, Events string }

// LogicalTables are the tables as a database for tests has them: under the names
// that they have in template.yaml.
func LogicalTables() Tables {
	return Tables{"Namespaces", "Endpoints", "Resources", "LeaseIds", "Events"}
}

// DefaultNamespace is the registry that a deployed service serves.
const DefaultNamespace = "registry"

var _ locks.Store = (*Store)(nil)

// Service returns the service on this store.
func (s *Store) Service(readTime, lockLimit time.Duration) *locks.Service {
	namespace := &leasedynamo.Store{Client: s.Client, Table: s.Tables.Namespaces, Namespace: s.Namespace}
	return &locks.Service{Store: s, Leases: lease.New(namespace, lease.Options{}), ReadTime: readTime, LockLimit: lockLimit}
}

// row is an item of the table Endpoints.
type row struct {
	Namespace string  `dynamodbav:"namespace"`
	Endpoint  string  `dynamodbav:"endpoint"`
	Resources []int64 `dynamodbav:"resources"`
}

// Endpoints implements locks.Store.
func (s *Store) Endpoints(ctx context.Context) (map[string][]int64, error) {
	mine, err := expression.NewBuilder().
		WithKeyCondition(expression.Key("namespace").Equal(expression.Value(s.Namespace))).Build()
	if err != nil {
		return nil, err
	}
	all := map[string][]int64{}
	pages := dynamodb.NewQueryPaginator(s.Client, &dynamodb.QueryInput{
		TableName: &s.Tables.Endpoints, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:   mine.KeyCondition(),
		ExpressionAttributeNames: mine.Names(), ExpressionAttributeValues: mine.Values(),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		var rows []row
		if err := attributevalue.UnmarshalListOfMaps(page.Items, &rows); err != nil {
			return nil, err
		}
		for _, r := range rows {
			all[r.Endpoint] = r.Resources
		}
	}
	return all, nil
}

// maxKeyBytes is how long a sort key may be.
const maxKeyBytes = 1024

// Endpoint implements locks.Store.
func (s *Store) Endpoint(ctx context.Context, name string) ([]int64, error) {
	if name == "" || len(name) > maxKeyBytes || !utf8.ValidString(name) { // DynamoDB has no such keys, and calls them errors
		return nil, locks.ErrEndpointNotFound
	}
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Tables.Endpoints, Key: s.key(name), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	if out.Item == nil {
		return nil, locks.ErrEndpointNotFound
	}
	var r row
	err = attributevalue.UnmarshalMap(out.Item, &r)
	return r.Resources, err
}

// PutEndpoint implements locks.Store.
func (s *Store) PutEndpoint(ctx context.Context, name string, resources []int64) error {
	item, err := attributevalue.MarshalMap(row{Namespace: s.Namespace, Endpoint: name, Resources: resources})
	if err != nil {
		return err
	}
	_, err = s.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Tables.Endpoints, Item: item})
	return dynamo.Unknown(err, false)
}

// DeleteEndpoint implements locks.Store.
func (s *Store) DeleteEndpoint(ctx context.Context, name string) error {
	_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Tables.Endpoints, Key: s.key(name)})
	return dynamo.Unknown(err, false)
}

func (s *Store) key(name string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"namespace": &types.AttributeValueMemberS{Value: s.Namespace},
		"endpoint":  &types.AttributeValueMemberS{Value: name},
	}
}
