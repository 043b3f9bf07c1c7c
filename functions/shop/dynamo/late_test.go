package dynamo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
	"lockstep/shared/dynamo/faults"
)

func mustPut(t *testing.T, s *dynamo.Store, stock int64) {
	t.Helper()
	require.NoError(t, s.PutProduct(t.Context(), shop.Product{ID: "tux", Title: "Tux", Stock: stock}))
}

func mustOrder(t *testing.T, s *dynamo.Store, quantity int64) int64 {
	t.Helper()
	id, err := s.CreateOrder(t.Context(), lines(quantity), "")
	require.NoError(t, err)
	return id
}

func lines(quantity int64) []shop.Line {
	return []shop.Line{{Product: "tux", Price: 199, Quantity: quantity}}
}

func requireStock(t *testing.T, want int64, s *dynamo.Store) {
	t.Helper()
	p, err := s.Product(t.Context(), "tux")
	require.NoError(t, err)
	require.Equal(t, want, p.Stock)
}

func requireOrders(t *testing.T, s *dynamo.Store, want ...int64) {
	t.Helper()
	var got []int64
	for o, err := range s.Orders(t.Context(), 0, 100) {
		require.NoError(t, err)
		got = append(got, o.ID)
	}
	require.Equal(t, want, got)
}

// first is a client's option by which the first transaction comes late.
func first(late *faults.Late) func(*dynamodb.Options) {
	return faults.Inject(faults.Nth("TransactWriteItems", 1, late.Held()))
}

// The first attempt arrives when all is over: after the second one, and after others
// have bought.
func TestALateAttemptCreatesNoSecondOrder(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"without a key": "", "with a key": "k"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			late, s := &faults.Late{}, open(t)()
			mustPut(t, s, 100)
			id, err := s.With(faults.Soon, first(late)).CreateOrder(t.Context(), lines(3), key)
			require.NoError(t, err)
			other := mustOrder(t, s, 1)
			require.Len(t, late.Release(), 1)
			requireStock(t, 96, s)
			requireOrders(t, s, id, other)
		})
	}
}

// The first attempt is lost on its way, the second one is refused, and told so. When the
// first one arrives there is stock again: too late.
func TestARefusedOrderIsNotCreatedLater(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"without a key": "", "with a key": "k"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			late, s := &faults.Late{}, open(t)()
			mustPut(t, s, 2)
			_, err := s.With(faults.Soon, first(late)).CreateOrder(t.Context(), lines(3), key)
			require.Equal(t, &shop.ShortError{Product: "tux", Asked: 3, Available: 2}, err)
			mustPut(t, s, 100)
			outcomes := late.Release()
			require.Len(t, outcomes, 1)
			require.Error(t, outcomes[0])
			requireStock(t, 100, s)
			requireOrders(t, s)
		})
	}
}

// It arrives between the refusal and the moment in which its id is taken: then the order
// stands, and its buyer is told.
func TestAnOrderThatComesJustBeforeItIsForgone(t *testing.T) {
	t.Parallel()
	late, s := &faults.Late{}, open(t)()
	mustPut(t, s, 2)
	restock := func(a faults.Attempt) faults.Fault {
		if a.Call == "UpdateItem" && a.N == 1 {
			mustPut(t, s, 100)
			late.Release()
		}
		return faults.None
	}
	id, err := s.With(faults.Soon, first(late), faults.Inject(restock)).CreateOrder(t.Context(), lines(3), "")
	require.NoError(t, err)
	requireStock(t, 97, s)
	requireOrders(t, s, id)
}

// An order that could not be forgone may still come: nobody is told that it was refused.
func TestARefusalThatIsNotSureIsUnknown(t *testing.T) {
	t.Parallel()
	late, s := &faults.Late{}, open(t)()
	mustPut(t, s, 2)
	_, err := s.With(faults.Soon, first(late), faults.Inject(faults.Every("UpdateItem", 1, faults.Unsent))).CreateOrder(t.Context(), lines(3), "")
	requireUpstream(t, err)
	late.Release()
}

// A put that comes late undoes no sale, and no deletion.
func TestALatePutSetsNothing(t *testing.T) {
	t.Parallel()
	late, s := &faults.Late{}, open(t)()
	mustPut(t, s.With(faults.Soon, first(late)), 10)
	mustOrder(t, s, 1)
	require.Len(t, late.Release(), 1)
	requireStock(t, 9, s)

	mustPut(t, s.With(faults.Soon, first(late)), 10)
	require.NoError(t, s.DeleteProduct(t.Context(), "tux"))
	require.Len(t, late.Release(), 1)
	_, err := s.Product(t.Context(), "tux")
	require.ErrorIs(t, err, shop.ErrNoSuchProduct)
}

// A deletion that comes late leaves a product that was created since.
func TestALateDeletionDeletesNothing(t *testing.T) {
	t.Parallel()
	late, s := &faults.Late{}, open(t)()
	mustPut(t, s, 10)
	require.NoError(t, s.With(faults.Soon, first(late)).DeleteProduct(t.Context(), "tux"))
	mustPut(t, s, 7)
	require.Len(t, late.Release(), 1)
	requireStock(t, 7, s)
}

// An id that is taken is drawn anew, and what stands there stays.
func TestAnIDThatIsTakenIsDrawnAnew(t *testing.T) {
	t.Parallel()
	s := open(t)()
	mustPut(t, s, 10)
	s.Draws(4096, 4096, 4096, 8192, 4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096)
	require.Equal(t, int64(4096), mustOrder(t, s, 1))
	require.Equal(t, int64(8192), mustOrder(t, s, 2))
	requireStock(t, 7, s)
	_, err := s.CreateOrder(t.Context(), lines(1), "")
	require.Error(t, err, "eight times is no accident")
	requireOrders(t, s, 4096, 8192)
	requireStock(t, 7, s)
}
