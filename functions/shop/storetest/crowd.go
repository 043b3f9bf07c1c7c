package storetest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
)

const (
	crowdProducts = 10
	crowdStock    = 100 // of each
	buyers        = 100
	ordersEach    = 5
)

// Crowd lets 100 buyers in four processes order from 1,000 pieces over 10 products, and
// holds what was sold and what is left against what there was. The stores may fail: an
// order whose answer is 5xx may have been created, or not: it returns how many those
// were. sound opens the same store as one that does not fail, once all is quiet.
func Crowd(t *testing.T, store, sound func() shop.Store) (unknown int64) {
	t.Helper()
	s := &process{&shop.Service{Store: sound()}, store}
	for i := range crowdProducts {
		mustPut(t, s, productOf(i), crowdStock)
	}
	processes := []*process{s.another(), s.another(), s.another(), s.another()}
	var failed atomic.Int64
	acknowledged := make([]map[int64][]shop.Line, buyers)
	var all sync.WaitGroup
	for b := range buyers {
		all.Go(func() {
			mine := map[int64][]shop.Line{}
			acknowledged[b] = mine
			for n := range ordersEach {
				lines, r := randomOrder(fmt.Sprintf("%d/%d", b, n))
				answer := ask(t, processes[b%len(processes)], "create-order", r)
				switch {
				case answer.Status == 200:
					var created struct{ ID int64 }
					mustDecode(t, answer, &created)
					mine[created.ID] = lines
				case answer.Status >= 500:
					failed.Add(1)
				default:
					requireError(t, 409, "OUT_OF_STOCK", "available", answer)
				}
			}
		})
	}
	all.Wait()
	settle(t, &process{&shop.Service{Store: sound()}, sound}, acknowledged, failed.Load())
	return failed.Load()
}

func productOf(i int) string { return fmt.Sprint("product ", i) }

// randomOrder is an order of 1 to 5 lines, of which some name the same product; every
// other one has a key.
func randomOrder(key string) (lines []shop.Line, r request) {
	for range rand.IntN(5) + 1 { //nolint:gosec // a crowd is no secret
		lines = append(lines, shop.Line{Product: productOf(rand.IntN(crowdProducts)), Price: rand.Int64N(10000), Quantity: rand.Int64N(3) + 1}) //nolint:gosec // as above
	}
	for i, l := range lines {
		if i > 0 {
			r.body += ","
		}
		r.body += fmt.Sprintf(`{"product_id":%q,"price":%q,"quantity":%d}`, l.Product, shop.AppendPrice(nil, l.Price), l.Quantity)
	}
	r.body = `{"order_details":[` + r.body + `]}`
	if rand.IntN(2) == 0 { //nolint:gosec // as above
		r.key = key
	}
	return lines, r
}

// settle reads everything back through the lists.
func settle(t *testing.T, s *process, acknowledged []map[int64][]shop.Line, unknown int64) {
	t.Helper()
	stands, sold := map[int64]order{}, map[string]int64{}
	for _, o := range mustListOrders(t, s, 100) {
		require.NotContains(t, stands, o.ID)
		stands[o.ID] = o
		for _, l := range o.Lines {
			sold[l.Product] += l.Quantity
		}
	}
	known := int64(0)
	for _, mine := range acknowledged {
		for id, lines := range mine {
			known++
			require.Contains(t, stands, id, "an order that was acknowledged")
			require.Len(t, stands[id].Lines, len(lines))
			for i, l := range lines {
				line := stands[id].Lines[i]
				got := shop.Line{Product: line.Product, Price: cents(t, line.Price), Quantity: line.Quantity}
				require.Equal(t, l, got)
			}
		}
	}
	require.LessOrEqual(t, int64(len(stands)), known+unknown, "no order that nobody asked for")
	require.GreaterOrEqual(t, int64(len(stands)), known)
	total := int64(0)
	for i := range crowdProducts {
		p, err := s.Store.Product(t.Context(), productOf(i))
		require.NoError(t, err)
		require.GreaterOrEqual(t, p.Stock, int64(0))
		require.Equal(t, int64(crowdStock), p.Stock+sold[p.ID], "sold plus left of %s", p.ID)
		total += sold[p.ID]
	}
	require.Greater(t, total, int64(crowdProducts*crowdStock/2), "most of it was sold")
}

func cents(t *testing.T, price string) int64 {
	t.Helper()
	n, err := shop.ParsePrice(price)
	require.NoError(t, err)
	return n
}
