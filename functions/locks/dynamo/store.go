// Package dynamo is the store of the locks service on DynamoDB.
//
// Three tables. Namespaces has one item a registry, in which everything stands that
// is locked there: so whatever is locked at one moment is read by one read, and
// taken or freed by one conditional write. Endpoints has one item an endpoint,
// with the ids that it serves. Events has one item an event, for an hour.
package dynamo

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/locks"
)

// Store implements locks.Store. Safe for concurrent use, by any number of processes.
type Store struct {
	Client      *dynamodb.Client
	Namespaces  string // the table's name
	Endpoints   string // the table's name
	EventsTable string // the table's name
	Namespace   string // which registry this is
}

// DefaultNamespace is the registry that a deployed service serves.
const DefaultNamespace = "registry"

var _ locks.Store = (*Store)(nil)

// row is an item of the table Endpoints.
type row struct {
	Namespace string  `dynamodbav:"namespace"`
	Endpoint  string  `dynamodbav:"endpoint"`
	Resources []int64 `dynamodbav:"resources"`
}

// Registry implements locks.Store. Which endpoints there are is read before what
// is locked, so that no endpoint shows as free that a lock had taken by then.
func (s *Store) Registry(ctx context.Context) (map[string]locks.Endpoint, error) {
	mine, err := expression.NewBuilder().
		WithKeyCondition(expression.Key("namespace").Equal(expression.Value(s.Namespace))).Build()
	if err != nil {
		return nil, err
	}
	all := map[string]locks.Endpoint{}
	pages := dynamodb.NewQueryPaginator(s.Client, &dynamodb.QueryInput{
		TableName: &s.Endpoints, ConsistentRead: aws.Bool(true),
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
			all[r.Endpoint] = locks.Endpoint{Resources: r.Resources}
		}
	}
	view, err := s.view(ctx)
	if err != nil {
		return nil, err
	}
	for name, e := range all {
		_, e.Locked = view.holder(name)
		all[name] = e
	}
	return all, nil
}

// Endpoint implements locks.Store.
func (s *Store) Endpoint(ctx context.Context, name string) (locks.Endpoint, error) {
	r, err := s.row(ctx, name)
	if err != nil {
		return locks.Endpoint{}, err
	}
	view, err := s.view(ctx)
	if err != nil {
		return locks.Endpoint{}, err
	}
	e, held := view.holder(name)
	// Under an operator's hold nobody may read: it is no caller's lock.
	return locks.Endpoint{Resources: r.Resources, Locked: held && e.Expires == 0}, nil
}

// State implements locks.Store. Nothing writes states yet.
func (s *Store) State(context.Context, int64) (string, error) { return locks.InitialState, nil }

// Lock implements locks.Store. The endpoint is looked for again once it is locked:
// it may have been deleted since it was first seen, and a lock on what is gone
// could never be freed.
func (s *Store) Lock(ctx context.Context, name string) error {
	if _, err := s.row(ctx, name); err != nil {
		return err
	}
	e, err := s.take(ctx, name, 0)
	if err != nil {
		return err
	}
	_, err = s.row(ctx, name)
	if errors.Is(err, locks.ErrEndpointNotFound) {
		return errors.Join(err, s.free(ctx, name, e, nil))
	}
	return nil // if the second look failed, the first one stands
}

// Unlock implements locks.Store.
func (s *Store) Unlock(ctx context.Context, name string) error {
	if _, err := s.row(ctx, name); err != nil {
		return err
	}
	for {
		view, err := s.view(ctx)
		if err != nil {
			return err
		}
		e, locked := view.holder(name)
		if !locked || e.Expires != 0 { // an operator's hold is nobody's lock, and must outlast the change
			return locks.ErrAlreadyUnlocked
		}
		// Freed and locked again since the look: look again, and free the new lock, as
		// the old API frees whatever lock there is.
		if err := s.free(ctx, name, e, view); !errors.Is(err, errReplaced) {
			return err
		}
	}
}

// PutEndpoint implements locks.Store. It holds the endpoint while it writes.
func (s *Store) PutEndpoint(ctx context.Context, name string, resources []int64) error {
	item, err := attributevalue.MarshalMap(row{Namespace: s.Namespace, Endpoint: name, Resources: resources})
	if err != nil {
		return err
	}
	return s.holding(ctx, name, func() error {
		_, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Endpoints, Item: item})
		return err
	})
}

// DeleteEndpoint implements locks.Store. It holds the endpoint while it writes.
func (s *Store) DeleteEndpoint(ctx context.Context, name string) error {
	return s.holding(ctx, name, func() error {
		if _, err := s.row(ctx, name); err != nil {
			return err
		}
		_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Endpoints, Key: s.key(name)})
		return err
	})
}

// operatorHold is for how long an operator's change holds its endpoint at most; a
// process that dies in the middle blocks it no longer than that.
const operatorHold = 30 * time.Second

// holding runs change while the endpoint is taken by us.
func (s *Store) holding(ctx context.Context, name string, change func() error) error {
	e, err := s.take(ctx, name, time.Now().Add(operatorHold).UnixMilli())
	if err != nil {
		return err
	}
	err = change()
	if freed := s.free(context.WithoutCancel(ctx), name, e, nil); err == nil {
		return freed
	}
	return err
}

func (s *Store) key(name string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"namespace": &types.AttributeValueMemberS{Value: s.Namespace},
		"endpoint":  &types.AttributeValueMemberS{Value: name},
	}
}

// maxKeyBytes is how long a sort key may be.
const maxKeyBytes = 1024

func (s *Store) row(ctx context.Context, name string) (row, error) {
	var r row
	if name == "" || len(name) > maxKeyBytes || !utf8.ValidString(name) { // DynamoDB has no such keys, and calls them errors
		return r, locks.ErrEndpointNotFound
	}
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Endpoints, Key: s.key(name), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return r, err
	}
	if out.Item == nil {
		return r, locks.ErrEndpointNotFound
	}
	return r, attributevalue.UnmarshalMap(out.Item, &r)
}
