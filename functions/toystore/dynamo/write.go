package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lockstep/functions/toystore"
	"lockstep/shared/dynamo"
)

// errRefused says that a write's condition did not hold.
var errRefused = errors.New("refused")

// write changes a toy, once, whatever is repeated on the way, and returns it as it is
// then. Errors: errRefused, with the toy that stands there (without a name: none);
// the outcome is unknown as dynamo.Unknown says.
func (s *Store) write(ctx context.Context, name string, u expression.UpdateBuilder, condition ...expression.ConditionBuilder) (toystore.Toy, error) {
	mark, spent := newMark(), s.take(name)
	fresh := unmarked(mark)
	for _, c := range condition {
		fresh = fresh.And(c)
	}
	e, err := expression.NewBuilder().WithUpdate(marked(u, mark, spent)).WithCondition(fresh).Build()
	if err != nil {
		return toystore.Toy{}, err
	}
	out, repeated, err := dynamo.Update(ctx, s.client, &dynamodb.UpdateItemInput{
		TableName: &s.tables.Toys, Key: s.key(name),
		UpdateExpression: e.Update(), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var refused *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		if !repeated {
			s.give(name, mark)
		}
		s.give(name, outlived(out.Attributes)...)
		return toyOf(out.Attributes)
	case errors.As(err, &refused):
		toy, wrong := toyOf(refused.Item)
		if _, done := refused.Item[mark]; done { // by an attempt whose answer was lost
			s.give(name, outlived(refused.Item)...)
			return toy, wrong
		}
		s.give(name, spent...)
		return toy, errors.Join(wrong, errRefused)
	}
	s.give(name, spent...)
	return toystore.Toy{}, dynamo.Unknown(err, repeated)
}

// Put implements toystore.Store.
func (s *Store) Put(ctx context.Context, toy toystore.Toy) error {
	_, err := s.write(ctx, toy.Name, expression.
		Set(expression.Name(priceName), expression.Value(toy.Price)).
		Set(expression.Name(stockName), expression.Value(toy.Stock)))
	return err
}

// less is the update that takes pieces off the stock, and inStock its condition, which
// also tells that there is such a toy.
func less(quantity int64) expression.UpdateBuilder {
	stock := expression.Name(stockName)
	return expression.Set(stock, expression.Minus(stock, expression.Value(quantity)))
}

func inStock(quantity int64) expression.ConditionBuilder {
	return expression.GreaterThanEqual(expression.Name(stockName), expression.Value(quantity))
}

// Buy implements toystore.Store: without a key, one write.
func (s *Store) Buy(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	if p.Key != "" {
		return s.buyOnce(ctx, p)
	}
	toy, err := s.write(ctx, p.Toy, less(p.Quantity), inStock(p.Quantity))
	if errors.Is(err, errRefused) {
		return unsold(toy)
	}
	return toystore.Sale{Result: toystore.Bought, Stock: toy.Stock}, err
}

// unsold says why a toy that stands like that was not sold.
func unsold(toy toystore.Toy) (toystore.Sale, error) {
	if toy.Name == "" {
		return toystore.Sale{}, toystore.ErrNoSuchToy
	}
	return toystore.Sale{Result: toystore.OutOfStock, Stock: toy.Stock}, nil
}
