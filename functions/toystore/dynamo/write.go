package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"lockstep/functions/toystore"
	"lockstep/shared/dynamo/once"
)

// Put implements toystore.Store.
func (s *Store) Put(ctx context.Context, toy toystore.Toy) error {
	_, err := s.writes.Write(ctx, toy.Name, s.key(toy.Name), expression.
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
	item, err := s.writes.Write(ctx, p.Toy, s.key(p.Toy), less(p.Quantity), inStock(p.Quantity))
	if err != nil && !errors.Is(err, once.ErrRefused) {
		return toystore.Sale{}, err
	}
	toy, wrong := toyOf(item)
	if wrong != nil {
		return toystore.Sale{}, wrong
	}
	if err != nil {
		return unsold(toy)
	}
	return toystore.Sale{Result: toystore.Bought, Stock: toy.Stock}, nil
}

// unsold says why a toy that stands like that was not sold.
func unsold(toy toystore.Toy) (toystore.Sale, error) {
	if toy.Name == "" {
		return toystore.Sale{}, toystore.ErrNoSuchToy
	}
	return toystore.Sale{Result: toystore.OutOfStock, Stock: toy.Stock}, nil
}
