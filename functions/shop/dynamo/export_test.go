package dynamo

import (
	"crypto/rand"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/shop"
)

// With returns the same shop as a process has it whose client has the options.
func (s *Store) With(options ...func(*dynamodb.Options)) *Store {
	return New(dynamodb.New(s.client.Options(), options...), s.tables, s.shop)
}

// Draws makes the store draw these ids of orders, and then any.
func (s *Store) Draws(ids ...int64) {
	others := new(shop.IDs)
	s.newID = func(now time.Time) int64 {
		if len(ids) == 0 {
			return others.Draw(now)
		}
		id := ids[0]
		ids = ids[1:]
		return id
	}
}

// DrawID draws the id of an order that is created at that time.
func (s *Store) DrawID(at time.Time) int64 { return s.newID(at) }

// OrderRow is the item of an order.
func (s *Store) OrderRow(id int64, lines []shop.Line) map[string]types.AttributeValue {
	row := s.orderKey(id)
	row["lines"], row["token"] = &types.AttributeValueMemberB{Value: shop.EncodeLines(lines)}, text(rand.Text())
	return row
}

// ProductRow is the item of a product.
func (s *Store) ProductRow(id string, stock int64) map[string]types.AttributeValue {
	row, _ := attributevalue.MarshalMap(product{Shop: s.shop, ID: id, Title: id, Stock: stock})
	return row
}
