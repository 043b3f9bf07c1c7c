package dynamo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/shop"
	"lockstep/shared/dynamo"
)

// orderKey is an item of the table OrderKeys: what an idempotency key has created.
type orderKey struct {
	Key     string `dynamodbav:"key"`   // with the shop before it
	Lines   []byte `dynamodbav:"lines"` // their hash
	Order   int64  `dynamodbav:"order"`
	Expires int64  `dynamodbav:"expires"` // Unix seconds
}

// creation is an order on its way into the tables.
type creation struct {
	id    int64
	token string // of the transaction, and at the order: by it, it knows itself
	lines []byte
	needs []shop.Need
	key   *orderKey // nil for none
}

// draws is how often an order is begun anew.
const draws = 8

// errAgain is that an order must be begun anew: its id is taken, or its key was just
// being used.
var errAgain = errors.New("shop: the order must be begun anew")

// CreateOrder implements shop.Store: one transaction, and no read before it. What was in
// its way tells of itself.
func (s *Store) CreateOrder(ctx context.Context, lines []shop.Line, key string) (id int64, err error) {
	c := creation{lines: shop.EncodeLines(lines), needs: shop.Needs(lines)}
	for range draws {
		now := time.Now()
		c.id, c.token = s.newID(now), rand.Text()
		if key != "" {
			hash := sha256.Sum256(c.lines)
			c.key = &orderKey{Key: s.shop + "/" + key, Lines: hash[:], Order: c.id, Expires: now.Add(shop.KeyLife).Unix()}
		}
		if id, err = s.create(ctx, c, now); !errors.Is(err, errAgain) {
			break
		}
	}
	return id, err
}

func (s *Store) create(ctx context.Context, c creation, now time.Time) (int64, error) {
	in, err := s.transaction(c, now)
	if err != nil {
		return 0, err
	}
	repeated, err := dynamo.Transact(ctx, s.client, in)
	var cancelled *types.TransactionCanceledException
	switch {
	case err == nil:
		return c.id, nil
	case !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != len(in.TransactItems):
		return 0, dynamo.Unknown(err, repeated)
	}
	n := len(c.needs)
	products, order, key := cancelled.CancellationReasons[:n], cancelled.CancellationReasons[n], cancelled.CancellationReasons[n+1:]
	switch {
	case c.key != nil && refused(key[0]): // also by our own attempt whose answer was lost
		return again(c, key[0].Item)
	case refused(order):
		return c.taken(order.Item)
	}
	lacks := c.lacks(products)
	switch {
	case lacks == nil: // cancelled for another reason
		return 0, dynamo.Unknown(err, repeated)
	case c.key != nil && aws.ToString(key[0].Code) == "TransactionConflict":
		return 0, errAgain // the same key may have just taken the last piece
	case repeated:
		return s.forgo(ctx, c, lacks)
	}
	return 0, lacks
}

// transaction is the order with all that belongs to it: the stock of each product, the
// order, and the key if there is one, in this order.
func (s *Store) transaction(c creation, now time.Time) (*dynamodb.TransactWriteItemsInput, error) {
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(c.token)}
	for _, n := range c.needs {
		less, err := s.less(n)
		if err != nil {
			return nil, err
		}
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Update: less})
	}
	row := s.orderKey(c.id)
	row["lines"], row["token"] = &types.AttributeValueMemberB{Value: c.lines}, text(c.token)
	order, err := putIf(s.tables.Orders, row, expression.AttributeNotExists(expression.Name("id")))
	if err != nil {
		return nil, err
	}
	in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: order})
	if c.key == nil {
		return in, nil
	}
	if row, err = attributevalue.MarshalMap(c.key); err != nil {
		return nil, err
	}
	key, err := putIf(s.tables.OrderKeys, row, expression.Or(
		expression.AttributeNotExists(expression.Name("key")),
		expression.LessThanEqual(expression.Name("expires"), expression.Value(now.Unix())), // DynamoDB takes its time to remove it
	))
	in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: key})
	return in, err
}

// less takes pieces off a product's stock, if there is such a product and enough of it.
func (s *Store) less(n shop.Need) (*types.Update, error) {
	stock, pieces := expression.Name("stock"), expression.Value(n.Quantity)
	e, err := expression.NewBuilder().
		WithUpdate(expression.Set(stock, expression.Minus(stock, pieces))).
		WithCondition(expression.GreaterThanEqual(stock, pieces)).Build()
	return &types.Update{
		TableName: &s.tables.Products, Key: s.productKey(n.Product),
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, err
}

func putIf(table string, row item, condition expression.ConditionBuilder) (*types.Put, error) {
	e, err := expression.NewBuilder().WithCondition(condition).Build()
	return &types.Put{
		TableName: &table, Item: row, ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}, err
}

// again answers a key that has created an order before, as the row tells.
func again(c creation, row item) (int64, error) {
	var before orderKey
	if err := attributevalue.UnmarshalMap(row, &before); err != nil {
		return 0, err
	}
	if string(before.Lines) != string(c.key.Lines) {
		return 0, shop.ErrKeyUsed
	}
	return before.Order, nil
}

// taken says whether the order that stands under our id is ours.
func (c creation) taken(row item) (int64, error) {
	if token, is := row["token"].(*types.AttributeValueMemberS); is && token.Value == c.token {
		return c.id, nil
	}
	return 0, errAgain
}

// lacks returns the first product that does not exist, or else the first of which there
// is not enough, as an error; nil if nothing lacks.
func (c creation) lacks(reasons []types.CancellationReason) error {
	var short *shop.ShortError
	for i, r := range reasons {
		switch {
		case !refused(r):
		case len(r.Item) == 0:
			return &shop.UnknownError{Product: c.needs[i].Product}
		case short == nil:
			p, err := productOf(r.Item)
			if err != nil {
				return err
			}
			short = &shop.ShortError{Product: p.ID, Asked: c.needs[i].Quantity, Available: p.Stock}
		}
	}
	if short == nil {
		return nil
	}
	return short
}

// forgo makes sure that an order that lacks something is not created by an attempt of
// which nobody knows where it is: it takes the order's id. If that attempt was here
// first, the order stands after all.
func (s *Store) forgo(ctx context.Context, c creation, lacks error) (int64, error) {
	e, err := expression.NewBuilder().
		WithUpdate(expression.Set(expression.Name("forgone"), expression.Value(true))).
		WithCondition(expression.AttributeNotExists(expression.Name("token"))).Build()
	if err != nil {
		return 0, err
	}
	_, _, err = dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName: &s.tables.Orders, Key: s.orderKey(c.id),
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var stands *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		return 0, lacks
	case !errors.As(err, &stands):
		return 0, dynamo.Unknown(err, true)
	}
	if id, err := c.taken(stands.Item); err == nil {
		return id, nil
	}
	return 0, lacks
}
