// Package histories_test holds the toy store against what it promises, in histories of
// many buyers in several processes that meet faults. porcupine searches each history
// for an order in which everything could have happened one thing after the other. That
// it would find what is wrong is shown with a store whose condition is taken away.
package histories_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/dynamo"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/failure"
	"lockstep/shared/need"
)

// call is what a client asks for: a purchase, or with no quantity a query.
type call struct {
	toy      string
	quantity int64
}

// answer is what it knows of it: how much is left, and for a purchase whether it is
// bought; or nothing.
type answer struct {
	bought  bool
	stock   int64
	exact   bool // the stock is that at the sale; else it may be one of later
	unknown bool // it may have happened at any time since it was called, or never
}

const stockOfEach = 40

// model is a toy: its stock is a number, and each purchase is whole or not at all.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byToy := map[string][]porcupine.Operation{}
		for _, o := range history {
			toy := o.Input.(call).toy
			byToy[toy] = append(byToy[toy], o)
		}
		var parts [][]porcupine.Operation
		for _, part := range byToy {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return int64(stockOfEach) },
	Step: func(state, input, output any) (bool, any) {
		stock, c, a := state.(int64), input.(call), output.(answer)
		after := stock
		if c.quantity > 0 && stock >= c.quantity {
			after -= c.quantity
		}
		switch {
		case a.unknown:
			return true, after // if it never happened, it stands at the history's end
		case c.quantity == 0:
			return a.stock == stock, stock
		case a.bought:
			return stock >= c.quantity && (!a.exact || a.stock == after) && a.stock <= after, after
		default:
			return stock < c.quantity && a.stock == stock, stock
		}
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

// history is what was done, by whom, and what came of it. Its clock only counts.
type history struct {
	clock atomic.Int64
	mu    sync.Mutex
	all   []porcupine.Operation
}

func (h *history) add(client int, called int64, c call, a answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, porcupine.Operation{ClientId: client, Input: c, Call: called, Output: a, Return: h.clock.Add(1)})
}

// operations is the history as porcupine takes it: what nobody knows the outcome of
// may still happen when everything else is over.
func (h *history) operations() []porcupine.Operation {
	end := h.clock.Add(1)
	for i := range h.all {
		if h.all[i].Output.(answer).unknown {
			h.all[i].Return = end
		}
	}
	return h.all
}

const (
	clients   = 16
	callsEach = 20
)

// run lets clients query and buy three toys, each in a process of its own, and returns
// the history.
// exact says that a sale without a key tells what was left at that very moment, as it
// does unless its answer was lost.
func run(t *testing.T, exact bool, open func() toystore.Store) *history {
	t.Helper()
	first := open()
	for i := range 3 {
		require.NoError(t, first.Put(t.Context(), toystore.Toy{Name: fmt.Sprint("toy ", i), Price: 100, Stock: stockOfEach}))
	}
	h := &history{}
	var all sync.WaitGroup
	for client := range clients {
		service := &toystore.Service{Store: open()}
		all.Go(func() {
			for range callsEach {
				c := call{toy: fmt.Sprint("toy ", mrand.N(3)), quantity: mrand.N[int64](4)}
				called := h.clock.Add(1)
				if a, sent := ask(t.Context(), service, c, exact); sent {
					h.add(client, called, c, a)
				}
			}
		})
	}
	all.Wait()
	return h
}

// ask makes a call. sent is false if nothing was done, for sure.
func ask(ctx context.Context, s *toystore.Service, c call, exact bool) (a answer, sent bool) {
	if c.quantity == 0 {
		toy, err := s.Query(ctx, c.toy)
		return answer{stock: toy.Stock}, err == nil
	}
	p := toystore.Purchase{Toy: c.toy, Quantity: c.quantity}
	if mrand.N(3) == 0 {
		p.Key = rand.Text()
	}
	sale, err := s.Buy(ctx, p)
	var f *failure.Error
	switch {
	case err == nil:
		return answer{bought: sale.Result == toystore.Bought, stock: sale.Stock, exact: exact && p.Key == ""}, true
	case errors.As(err, &f) && f.Code == failure.Upstream:
		return answer{unknown: true}, true
	default:
		return answer{}, false
	}
}

// limit is for how long a history may be searched; one that is not decided by then
// counts as failed.
const limit = time.Minute

func check(t *testing.T, h *history) porcupine.CheckResult {
	t.Helper()
	return porcupine.CheckOperationsTimeout(model, h.operations(), limit)
}

// flaky is a store that fails now and then, before or after the effect.
type flaky struct {
	toystore.Store
	share float64
}

func (f flaky) Buy(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	switch dice := mrand.Float64(); {
	case dice < f.share/2:
		return toystore.Sale{}, &failure.Error{Code: failure.Busy, Message: "throttled"}
	case dice < f.share:
		_, _ = f.Store.Buy(ctx, p)
		return toystore.Sale{}, &failure.Error{Code: failure.Upstream, Message: "no answer"}
	}
	return f.Store.Buy(ctx, p)
}

// careless is a store without the condition: it looks, and then sells what it saw.
type careless struct{ toystore.Store }

func (c careless) Buy(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	toy, err := c.Toy(ctx, p.Toy)
	if err != nil || toy.Stock < p.Quantity {
		return toystore.Sale{Result: toystore.OutOfStock, Stock: toy.Stock}, err
	}
	time.Sleep(time.Microsecond) // lets others in
	toy.Stock -= p.Quantity
	return toystore.Sale{Result: toystore.Bought, Stock: toy.Stock}, c.Put(ctx, toy)
}

func inMemory(around func(toystore.Store) toystore.Store) func() toystore.Store {
	store := around(toystore.NewMemory())
	return func() toystore.Store { return store }
}

func onDynamoDB(t *testing.T, options ...func(*awsdynamodb.Options)) func() toystore.Store {
	t.Helper()
	plain, catalogue := need.DynamoDB(t), rand.Text()
	return func() toystore.Store {
		return dynamo.New(awsdynamodb.New(plain.Options(), options...), dynamo.LogicalTables(), catalogue)
	}
}

func TestHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("in memory ", seed), func(t *testing.T) {
			t.Parallel()
			h := run(t, true, inMemory(func(s toystore.Store) toystore.Store { return flaky{s, 0.05} }))
			require.Equal(t, porcupine.Ok, check(t, h))
		})
		t.Run(fmt.Sprint("on DynamoDB under faults ", seed), func(t *testing.T) {
			t.Parallel()
			h := run(t, false, onDynamoDB(t, faults.Soon, faults.Inject(faults.Random(seed, 0.05,
				faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff, faults.Conflict,
			))))
			require.Equal(t, porcupine.Ok, check(t, h))
		})
	}
}

func TestAHistoryOnDynamoDBWithoutFaults(t *testing.T) {
	t.Parallel()
	require.Equal(t, porcupine.Ok, check(t, run(t, true, onDynamoDB(t))))
}

// withoutTheCondition takes from a sale that there must be enough.
func withoutTheCondition(o *awsdynamodb.Options) {
	enough := regexp.MustCompile(`(#\d+) >= :\d+`)
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("WithoutTheCondition",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				if update, is := in.Parameters.(*awsdynamodb.UpdateItemInput); is {
					changed := *update
					without := enough.ReplaceAllString(*update.ConditionExpression, "$0 OR attribute_exists($1)")
					changed.ConditionExpression = &without
					in.Parameters = &changed
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.Before)
	})
}

func TestAStoreWithoutTheConditionIsCaught(t *testing.T) {
	t.Parallel()
	t.Run("in memory", func(t *testing.T) {
		t.Parallel()
		h := run(t, true, inMemory(func(s toystore.Store) toystore.Store { return careless{s} }))
		require.Equal(t, porcupine.Illegal, check(t, h))
	})
	t.Run("on DynamoDB", func(t *testing.T) {
		t.Parallel()
		h := run(t, true, onDynamoDB(t, withoutTheCondition))
		require.Equal(t, porcupine.Illegal, check(t, h))
	})
}
