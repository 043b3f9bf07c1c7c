package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/shop"
	"lockstep/shared/dynamo"
)

// product is an item of the table Products.
type product struct {
	Shop     string `dynamodbav:"shop"`
	ID       string `dynamodbav:"id"`
	Title    string `dynamodbav:"title"`
	Capacity int64  `dynamodbav:"capacity"`
	Speed    int64  `dynamodbav:"speed"`
	Stock    int64  `dynamodbav:"stock"`
}

func productOf(i item) (shop.Product, error) {
	var p product
	err := attributevalue.UnmarshalMap(i, &p)
	return shop.Product{ID: p.ID, Title: p.Title, Capacity: p.Capacity, Speed: p.Speed, Stock: p.Stock}, err
}

func (s *Store) productKey(id string) item { return item{"shop": text(s.shop), "id": text(id)} }

// Product implements shop.Store: strongly consistent, so that an order that was answered
// is seen.
func (s *Store) Product(ctx context.Context, id string) (shop.Product, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.tables.Products, Key: s.productKey(id), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return shop.Product{}, err
	}
	if out.Item == nil {
		return shop.Product{}, shop.ErrNoSuchProduct
	}
	return productOf(out.Item)
}

// ProductsByID implements shop.Store: one call, whatever the number of products.
func (s *Store) ProductsByID(ctx context.Context, ids []string) (map[string]shop.Product, error) {
	keys := make([]item, len(ids))
	for i, id := range ids {
		keys[i] = s.productKey(id)
	}
	items, err := dynamo.BatchGet(ctx, s.client, s.tables.Products, keys)
	if err != nil {
		return nil, err
	}
	found := make(map[string]shop.Product, len(items))
	for _, i := range items {
		p, err := productOf(i)
		if err != nil {
			return nil, err
		}
		found[p.ID] = p
	}
	return found, nil
}

// Products implements shop.Store.
func (s *Store) Products(ctx context.Context, after string, about int) iter.Seq2[shop.Product, error] {
	return func(yield func(shop.Product, error) bool) {
		in, err := query(&s.tables.Products, "shop", s.shop, "id", after, after != "", about)
		if err != nil {
			yield(shop.Product{}, err)
			return
		}
		for pages := dynamodb.NewQueryPaginator(s.client, in); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(shop.Product{}, err)
				return
			}
			for _, i := range page.Items {
				if p, err := productOf(i); !yield(p, err) || err != nil {
					return
				}
			}
		}
	}
}

// query reads a partition in the order of its sort key: what is after a key, if there is
// one to begin after, limit items at a time.
func query(table *string, partitionKey, partition, sortKey string, after any, begins bool, limit int) (*dynamodb.QueryInput, error) {
	mine := expression.Key(partitionKey).Equal(expression.Value(partition))
	if begins {
		mine = mine.And(expression.Key(sortKey).GreaterThan(expression.Value(after)))
	}
	e, err := expression.NewBuilder().WithKeyCondition(mine).Build()
	return &dynamodb.QueryInput{
		TableName: table, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit)), //nolint:gosec // a page
		KeyConditionExpression: e.KeyCondition(), ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
	}, err
}

// PutProduct implements shop.Store.
func (s *Store) PutProduct(ctx context.Context, p shop.Product) error {
	row, err := attributevalue.MarshalMap(product{Shop: s.shop, ID: p.ID, Title: p.Title, Capacity: p.Capacity, Speed: p.Speed, Stock: p.Stock})
	if err != nil {
		return err
	}
	repeated, err := s.write(ctx, types.TransactWriteItem{Put: &types.Put{TableName: &s.tables.Products, Item: row}})
	return dynamo.Unknown(err, repeated)
}

// DeleteProduct implements shop.Store.
func (s *Store) DeleteProduct(ctx context.Context, id string) error {
	there, err := expression.NewBuilder().WithCondition(expression.AttributeExists(expression.Name("id"))).Build()
	if err != nil {
		return err
	}
	repeated, err := s.write(ctx, types.TransactWriteItem{Delete: &types.Delete{
		TableName: &s.tables.Products, Key: s.productKey(id),
		ConditionExpression: there.Condition(), ExpressionAttributeNames: there.Names(),
	}})
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) && len(cancelled.CancellationReasons) == 1 && refused(cancelled.CancellationReasons[0]) {
		return shop.ErrNoSuchProduct // not by an attempt of our own: its token would be known
	}
	return dynamo.Unknown(err, repeated)
}

// write makes one write, once.
func (s *Store) write(ctx context.Context, w types.TransactWriteItem) (repeated bool, err error) {
	return dynamo.Transact(ctx, s.client, &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: aws.String(rand.Text()), TransactItems: []types.TransactWriteItem{w},
	})
}
