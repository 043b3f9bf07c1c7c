package shop_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/shared/operation"
)

// sized is a shop in memory with so many products and orders, and its operations.
type sized struct {
	products   int
	orders     []int64
	operations map[string]operation.Operation
}

func newSized(tb testing.TB, products, orders int) *sized {
	tb.Helper()
	store := shop.NewMemory()
	s := &sized{products: products, operations: map[string]operation.Operation{}}
	for i := range products {
		require.NoError(tb, store.PutProduct(tb.Context(), shop.Product{ID: productID(i), Title: "The Odyssey", Capacity: 101, Speed: 5, Stock: 1 << 50}))
	}
	for i := range orders {
		id, err := store.CreateOrder(tb.Context(), []shop.Line{
			{Product: productID(i % products), Price: 10000099, Quantity: 1}, {Product: productID((i + 1) % products), Price: 200, Quantity: 2},
		}, "")
		require.NoError(tb, err)
		s.orders = append(s.orders, id)
	}
	for _, o := range (&shop.Service{Store: store}).Operations() {
		s.operations[o.Name] = o
	}
	return s
}

func productID(i int) string { return fmt.Sprintf("the_odyssey_%06d", i) }

// requests makes the n-th request of each kind: it differs from the one before. They go
// round among 97 of what there is, spread over all of it.
func (s *sized) requests() map[string]func(n int) (name string, r operation.Request) {
	product := func(n int) string { return productID(n % 97 * s.products / 97) }
	return map[string]func(int) (string, operation.Request){
		"create-product": func(n int) (string, operation.Request) {
			return "create-product", operation.Request{Body: fmt.Appendf(nil, `{"id":%q,"title":"The Odyssey","passenger_capacity":101,"maximum_speed":5,"in_stock":1000000000000}`, product(n))}
		},
		"create-order": func(n int) (string, operation.Request) {
			return "create-order", operation.Request{Body: fmt.Appendf(nil, `{"order_details":[{"product_id":%q,"price":"100000.99","quantity":1},{"product_id":%q,"price":"2.00","quantity":2}]}`,
				product(n), product(n+1))}
		},
		"order": func(n int) (string, operation.Request) {
			return "order", operation.Request{Path: map[string]string{"id": strconv.FormatInt(s.orders[n%97*len(s.orders)/97], 10)}}
		},
		"orders": func(n int) (string, operation.Request) {
			at := s.orders[n%97*(len(s.orders)-99)/97] - 1
			return "orders", operation.Request{Query: map[string]string{"limit": "100", "cursor": base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at, 10)))}}
		},
	}
}

// do makes a request.
func (s *sized) do(tb testing.TB, name string, r operation.Request) {
	if got := s.operations[name].Handle(tb.Context(), r); got.Status != 200 {
		tb.Fatalf("%s: %d %s", name, got.Status, got.Body)
	}
}

// What each of the main requests takes, from the operation's door to its answer.
func BenchmarkRequests(b *testing.B) {
	s := newSized(b, 100, 1000)
	for name, request := range s.requests() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				operation, r := request(n)
				s.do(b, operation, r)
			}
		})
	}
}

// How much longer a request takes, in CPU time, where
// there are many orders and products than where there are few. Both take turns, so that
// what else the machine does meets both. It fails at 1.10.
func BenchmarkGrowth(b *testing.B) {
	for _, size := range [][2]int{{10, 1000}, {10, 100_000}, {10_000, 1000}} {
		for name, each := range map[string]int{"create-product": 200, "create-order": 100, "order": 200, "orders": 5} { // less than 1 ms: few meet the garbage collector
			b.Run(fmt.Sprintf("%s/%d products, %d orders", name, size[0], size[1]), func(b *testing.B) {
				few, many := newSized(b, 10, 100), newSized(b, size[0], size[1])
				var took, ratios []float64
				for round := range 601 {
					sides := []*sized{few, many}
					first := rand.IntN(2) // else the garbage collector may keep step, and always meet the same one
					var spent [2]float64
					spent[first] = sides[first].cpu(b, name, round*each, each)
					spent[1-first] = sides[1-first].cpu(b, name, round*each, each)
					took, ratios = append(took, spent[1]/float64(each)), append(ratios, spent[1]/spent[0])
				}
				ratio := median(ratios)
				b.ReportMetric(ratio, "times")
				b.ReportMetric(median(took), "cpu-ns/op")
				b.ReportMetric(0, "ns/op")
				if ratio > 1.10 {
					b.Errorf("%.2f times as long", ratio)
				}
			})
		}
	}
}

// cpu returns how much CPU time, in ns, some requests of a kind take.
func (s *sized) cpu(b *testing.B, kind string, from, count int) float64 {
	request := s.requests()[kind]
	names, all := make([]string, count), make([]operation.Request, count)
	for i := range all {
		names[i], all[i] = request(from + i)
	}
	begin := cpuTime()
	for i := range all {
		s.do(b, names[i], all[i])
	}
	return float64(cpuTime() - begin)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
