// Package dynamo is the shop on DynamoDB.
//
// Three tables. Products has one item a product, all of a shop under one partition key,
// so that the list comes in the order of ids (DynamoDB splits such a partition where it
// is hot). Orders has one item an order, under one of 16 partition keys that the id
// tells, so that no partition takes all orders; a list merges them. OrderKeys has one
// item an idempotency key that has created an order, for a day.
//
// Every write is a transaction with a token, by which DynamoDB knows a repeat for ten
// minutes: however late an attempt comes whose answer was lost, it undoes nothing that
// was done since, such as a sale or a deletion.
package dynamo

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/shop"
)

// Store implements shop.Store. Safe for concurrent use, by any number of processes.
// Use New.
type Store struct {
	client *dynamodb.Client
	tables Tables
	shop   string
	newID  func(now time.Time) int64
}

// Tables are the tables' names.
type Tables struct{ Products, Orders, OrderKeys string }

// LogicalTables are the tables as a database for tests has them: under the names
// that they have in template.yaml.
func LogicalTables() Tables { return Tables{"Products", "Orders", "OrderKeys"} }

// DefaultShop is the shop that a deployed service serves.
const DefaultShop = "shop"

var _ shop.Store = (*Store)(nil)

// New returns the store of one shop; a table has any number of them. It calls nothing.
func New(client *dynamodb.Client, tables Tables, name string) *Store {
	return &Store{client: client, tables: tables, shop: name, newID: new(shop.IDs).Draw}
}

// item is an item, or the key of one.
type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// refused says whether a transaction was cancelled because the condition of this one of
// its writes did not hold.
func refused(r types.CancellationReason) bool {
	return aws.ToString(r.Code) == "ConditionalCheckFailed"
}
