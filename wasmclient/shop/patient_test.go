package shop_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/remote"
	"lockstep/wasmclient/shop"
)

// script is a client whose calls fail with one error after the other; those after the
// last are answered.
type script struct {
	shop.Client
	fails []error
	calls int
	keys  []string
}

func (s *script) next() error {
	s.calls++
	if s.calls <= len(s.fails) {
		return s.fails[s.calls-1]
	}
	return nil
}

func (s *script) CreateProduct(context.Context, shop.Product) error { return s.next() }
func (s *script) DeleteProduct(context.Context, string) error       { return s.next() }
func (s *script) Export(context.Context, func(shop.Order) error) error {
	return s.next()
}

func (s *script) Product(_ context.Context, id string) (shop.Product, error) {
	return shop.Product{ID: id}, s.next()
}

func (s *script) Products(context.Context, shop.Page) (shop.Listed[shop.Product], error) {
	return shop.Listed[shop.Product]{}, s.next()
}

func (s *script) CreateOrder(_ context.Context, _ []shop.Line, key string) (int64, error) {
	s.keys = append(s.keys, key)
	return 7, s.next()
}

func (s *script) Order(_ context.Context, id int64) (shop.Details, error) {
	return shop.Details{ID: id}, s.next()
}

func (s *script) Orders(context.Context, shop.Page) (shop.Listed[shop.Order], error) {
	return shop.Listed[shop.Order]{}, s.next()
}

var (
	lost = &shop.Error{Message: "lost", Passing: true, InDoubt: true}
	busy = &shop.Error{Message: "busy", Passing: true}
	none = &shop.Error{Code: shop.ProductNotFound, Message: "none"}
)

func TestWhatMayBeRepeated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call       func(context.Context, shop.Patient) error
		busy, lost int // calls, when the first failed so
	}{
		"create a product": {func(ctx context.Context, p shop.Patient) error { return p.CreateProduct(ctx, shop.Product{}) }, 2, 1},
		"a product": {func(ctx context.Context, p shop.Patient) error {
			got, err := p.Product(ctx, "a")
			if err == nil {
				require.Equal(t, "a", got.ID)
			}
			return err
		}, 2, 2},
		"delete":   {func(ctx context.Context, p shop.Patient) error { return p.DeleteProduct(ctx, "a") }, 2, 2},
		"products": {func(ctx context.Context, p shop.Patient) error { _, err := p.Products(ctx, shop.Page{}); return err }, 2, 2},
		"an order with a key": {func(ctx context.Context, p shop.Patient) error {
			_, err := p.CreateOrder(ctx, nil, "k")
			return err
		}, 2, 2},
		"an order without one": {func(ctx context.Context, p shop.Patient) error {
			_, err := p.CreateOrder(ctx, nil, "")
			return err
		}, 1, 1},
		"an order's reading": {func(ctx context.Context, p shop.Patient) error { _, err := p.Order(ctx, 7); return err }, 2, 2},
		"orders":             {func(ctx context.Context, p shop.Patient) error { _, err := p.Orders(ctx, shop.Page{}); return err }, 2, 2},
		"an export":          {func(ctx context.Context, p shop.Patient) error { return p.Export(ctx, nil) }, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for failure, calls := range map[*shop.Error]int{busy: c.busy, lost: c.lost, none: 1} {
					s := &script{fails: []error{failure}}
					err := c.call(t.Context(), shop.Patient{Client: s})
					require.Equal(t, calls, s.calls, failure.Message)
					require.Equal(t, calls == 1, err != nil, failure.Message)
					for _, key := range s.keys {
						require.Equal(t, s.keys[0], key, "the same key each time")
					}
				}
			})
		})
	}
}

// A second delete is a 404, also when the first one's answer was lost.
func TestADeletionWhoseAnswerWasLostIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, shop.Patient{Client: &script{fails: []error{lost, none}}}.DeleteProduct(t.Context(), "a"))
		err := shop.Patient{Client: &script{fails: []error{busy, none}}}.DeleteProduct(t.Context(), "a")
		require.Equal(t, shop.ProductNotFound, shop.CodeOf(err))
	})
}

func TestItGivesUpInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		s := &script{fails: []error{lost}}
		for range 1000 {
			s.fails = append(s.fails, busy)
		}
		_, err := shop.Patient{Client: s}.CreateOrder(ctx, nil, "k")
		failed := new(shop.Error)
		require.ErrorAs(t, err, &failed)
		require.Contains(t, failed.Message, "busy (tried ")
		require.True(t, failed.InDoubt, "the first may have had its effect")
		require.NoError(t, ctx.Err(), "it does not wait for what can't come in time")
		require.Greater(t, time.Since(begin), time.Minute-remote.LongestWait)
		require.Greater(t, s.calls, 10)
		require.False(t, busy.InDoubt, "the errors of others are not written to")
	})
}

func TestItComesBackWhenTheServerSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{fails: []error{&shop.Error{Passing: true, After: time.Minute}}}
		_, err := shop.Patient{Client: s}.Product(t.Context(), "a")
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(begin), time.Minute)
		require.Less(t, time.Since(begin), time.Minute+remote.FirstWait)
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begin := time.Now()
		s := &script{fails: []error{&shop.Error{Message: "later", Passing: true, After: time.Hour}}}
		_, err := shop.Patient{Client: s}.Order(ctx, 1)
		require.EqualError(t, err, "later")
		require.Equal(t, time.Second, time.Since(begin))
	})
}
