package perf_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/wasmclient/shop"
	"lockstep/wasmclient/shop/perf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a shop whose requests take what takes says, in a bubble.
type fake struct {
	shop.Client // none

	takes func(request string, elapsed time.Duration) time.Duration
	fails func(request string, elapsed time.Duration) error
	begin time.Time

	mu       sync.Mutex
	products map[string]bool
	requests []string // of all users
	keys     []string
	limits   []int
	most     int // products at a time
}

// ms is how long requests take, in milliseconds, unless a test says otherwise.
var ms = map[string]time.Duration{"create": 1, "get": 2, "order": 3, "order-get": 4, "list": 5, "delete": 6}

func (f *fake) work(ctx context.Context, request string) error {
	f.mu.Lock()
	f.requests = append(f.requests, request)
	f.mu.Unlock()
	elapsed := time.Since(f.begin)
	d := ms[request] * time.Millisecond
	if f.takes != nil {
		d = f.takes(request, elapsed)
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if f.fails != nil {
		return f.fails(request, elapsed)
	}
	return nil
}

func (f *fake) CreateProduct(ctx context.Context, p shop.Product) error {
	err := f.work(ctx, "create")
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.Check() != nil || f.products[p.ID] {
		return errors.New("each product is a new one, and valid")
	}
	if failed := new(shop.Error); err == nil || errors.As(err, &failed) && failed.InDoubt {
		f.products[p.ID] = true
	}
	f.most = max(f.most, len(f.products))
	return err
}

func (f *fake) has(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.products[id] {
		return errors.New("there is no such product")
	}
	return nil
}

func (f *fake) Product(ctx context.Context, id string) (shop.Product, error) {
	return shop.Product{}, errors.Join(f.work(ctx, "get"), f.has(id))
}

func (f *fake) CreateOrder(ctx context.Context, lines []shop.Line, key string) (int64, error) {
	err := errors.Join(f.work(ctx, "order"), shop.CheckOrder(lines, key), f.has(lines[0].Product))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = append(f.keys, key)
	return int64(len(f.keys)), err
}

func (f *fake) Order(ctx context.Context, id int64) (shop.Details, error) {
	f.mu.Lock()
	orders := len(f.keys)
	f.mu.Unlock()
	if id < 1 || id > int64(orders) {
		return shop.Details{}, errors.New("there is no such order")
	}
	return shop.Details{}, f.work(ctx, "order-get")
}

func (f *fake) Orders(ctx context.Context, page shop.Page) (shop.Listed[shop.Order], error) {
	f.mu.Lock()
	f.limits = append(f.limits, page.Limit)
	f.mu.Unlock()
	return shop.Listed[shop.Order]{}, f.work(ctx, "list")
}

func (f *fake) DeleteProduct(ctx context.Context, id string) error {
	err := errors.Join(f.work(ctx, "delete"), f.has(id))
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		delete(f.products, id)
	}
	return err
}

func plan() perf.Plan {
	return perf.Plan{Users: 2, Duration: 6 * time.Second, Timeout: time.Minute}
}

// run runs a plan in a bubble, where work takes exactly the time that it takes.
func run(t *testing.T, f *fake, plan perf.Plan) (r *perf.Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { r = runIn(t.Context(), t, f, plan) })
	return r
}

func runIn(ctx context.Context, t *testing.T, f *fake, plan perf.Plan) *perf.Result {
	t.Helper()
	f.begin, f.products = time.Now(), map[string]bool{}
	var mu sync.Mutex
	var counts []int
	r := perf.Run(ctx, plan, f, func(_ time.Duration, requests int) {
		mu.Lock()
		defer mu.Unlock()
		counts = append(counts, requests)
	})
	requests, _ := r.Requests()
	require.Len(t, counts, requests)
	require.True(t, requests == 0 || slices.Max(counts) == requests)
	require.Empty(t, f.products, "nothing is left over")
	return r
}

// A loop takes 21 ms: two users make 2 * 6 s / 21 ms of them.
func TestAClosedLoop(t *testing.T) {
	t.Parallel()
	f := &fake{}
	r := run(t, f, plan())
	require.Equal(t, []string{"create", "create", "get", "get", "order", "order"}, f.requests[:6])
	require.Equal(t, 2, f.most, "each user deletes its product before the next")
	require.Len(t, r.Labels, 6)
	names := []string{"products-create", "product-get", "orders-create", "order-get", "list-orders", "product-delete"}
	for i, l := range r.Labels {
		require.Equal(t, names[i], l.Label.String())
		require.InDelta(t, 572, l.Hits, 2, names[i])
		require.Zero(t, l.Errors, l.FirstError)
		require.InDelta(t, float64(i+1)/1e3, l.Latency.Mean, 1e-9)
		require.InDelta(t, float64(i+1)/1e3, l.Latency.P99, 1e-5)
		require.InDelta(t, float64(i+1)/1e3, l.Latency.Max, 0)
		require.InDelta(t, float64(l.Hits)/r.Elapsed, l.PerSecond, 1e-9)
		require.Len(t, l.Intervals, perf.Intervals)
		require.InDelta(t, 5.9, l.Intervals[59].Begin, 1e-9)
		hits := 0
		for _, part := range l.Intervals {
			hits += part.Hits
			require.InDelta(t, 10, part.Hits, 2)
			require.InDelta(t, float64(i+1)/1e3, *part.Mean, 1e-9)
			require.InDelta(t, float64(i+1)/1e3, *part.P99, 1e-4)
		}
		require.Equal(t, l.Hits, hits)
		require.InDelta(t, 0, l.Trend.Percent, 1e-6)
		require.False(t, l.Trend.Slower)
	}
	for i := range f.keys {
		require.Empty(t, f.keys[i], "nothing is repeated")
	}
	for _, limit := range f.limits {
		require.Equal(t, 100, limit)
	}
	require.InDelta(t, 6, r.Elapsed, 0.03)
	require.InDelta(t, 6, r.Duration, 0)
	require.Equal(t, 2, r.Users)
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	p := plan()
	p.Users, p.Duration = 1, time.Hour
	n := 0
	r := run(t, &fake{takes: func(request string, _ time.Duration) time.Duration {
		if request != "list" {
			return 0
		}
		n++
		return time.Duration(n) * 10 * time.Millisecond // until 848 of them are an hour
	}}, p)
	l := r.Labels[perf.ListOrders].Latency
	last := float64(n) / 100
	for want, got := range map[float64]float64{last / 2: l.Mean, last*0.5 - 1e-9: l.P50, last * 0.9: l.P90, last * 0.99: l.P99, last + 1e-9: l.Max} {
		require.InEpsilon(t, want, got, 3e-3)
	}
	require.InDelta(t, last, l.Max, 1e-9)
}

// A request takes 10 ms at the beginning and 20 ms at the end: the mean of the intervals
// is 15 ms, and the change two thirds of it.
func TestADegradationShows(t *testing.T) {
	t.Parallel()
	r := run(t, &fake{takes: func(request string, elapsed time.Duration) time.Duration {
		if request == "order" {
			return 10*time.Millisecond + elapsed/600
		}
		return 10 * time.Millisecond
	}}, plan())
	for _, l := range r.Labels {
		if l.Label != perf.OrdersCreate {
			require.InDelta(t, 0, l.Trend.Percent, 1e-6)
			require.False(t, l.Trend.Slower)
			continue
		}
		require.InDelta(t, 67, l.Trend.Percent, 2)
		require.Less(t, l.Trend.StandardError, 1.0)
		require.True(t, l.Trend.Slower)
		require.Less(t, *l.Intervals[0].Mean, 0.0105)
		require.Greater(t, *l.Intervals[59].Mean, 0.0195)
	}
}

func TestWhatFailsIsCountedAndNotRepeated(t *testing.T) {
	t.Parallel()
	f := &fake{fails: func(request string, elapsed time.Duration) error {
		if request == "order" && elapsed >= 3*time.Second {
			return errors.New("out of order")
		}
		return nil
	}}
	r := run(t, f, plan())
	orders, gets, lists := r.Labels[perf.OrdersCreate], r.Labels[perf.OrderGet], r.Labels[perf.ListOrders]
	require.Equal(t, "out of order", orders.FirstError)
	require.Equal(t, 2*3, orders.Errors, "a loop each, a second after the one before")
	require.Equal(t, orders.Hits-orders.Errors, gets.Hits, "what was not ordered is not asked for")
	require.Equal(t, orders.Hits, lists.Hits)
	require.InDelta(t, 0.003, orders.Latency.Mean, 1e-9, "a failure has no latency")
	require.Nil(t, orders.Intervals[59].Mean)
	_, failed := r.Requests()
	require.Equal(t, 6, failed)
}

// The reason for the pause: users would do nothing but ask for a server.
func TestWithoutAServerUsersDoNotSpin(t *testing.T) {
	t.Parallel()
	f := &fake{takes: func(string, time.Duration) time.Duration { return 0 }, fails: func(string, time.Duration) error {
		return errors.New("can't be reached")
	}}
	r := run(t, f, plan())
	require.Equal(t, 2*6, r.Labels[perf.ProductsCreate].Hits, "a second apart")
	require.Len(t, f.requests, 12, "what was not created is neither ordered nor deleted")
	require.Nil(t, r.Labels[perf.ProductsCreate].Latency, "no latency is neither 0 nor infinite")
	require.Nil(t, r.Labels[perf.ProductsCreate].Trend)
	require.Zero(t, r.Labels[perf.ProductGet].Hits)
	require.InDelta(t, 6, r.Elapsed, 1e-9, "no pause outlasts the duration")
}

func TestAProductThatMayHaveBeenCreatedIsDeleted(t *testing.T) {
	t.Parallel()
	f := &fake{fails: func(request string, _ time.Duration) error {
		if request == "create" {
			return &shop.Error{Message: "lost", InDoubt: true}
		}
		return nil
	}}
	r := run(t, f, plan()) // which sees that nothing is left
	require.Zero(t, r.Labels[perf.ProductDelete].Hits, "cleaning up is no measurement")
	require.Contains(t, f.requests, "delete")
}

func TestATimeout(t *testing.T) {
	t.Parallel()
	p := plan()
	p.Timeout = 4 * time.Millisecond
	r := run(t, &fake{takes: func(request string, _ time.Duration) time.Duration {
		if request == "list" {
			return time.Hour
		}
		return time.Millisecond
	}}, p)
	require.Equal(t, "not answered within 4ms", r.Labels[perf.ListOrders].FirstError)
	require.Zero(t, r.Labels[perf.ProductDelete].Errors)
}

func TestAnInterruptedRunKeepsWhatItMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2*time.Second+500*time.Microsecond, func() { cancel(errors.New("enough")) })
		r := runIn(ctx, t, &fake{}, plan()) // which sees that nothing is left
		require.InDelta(t, 2, r.Elapsed, 0.01, "with the cleaning up")
		require.Greater(t, r.Labels[perf.ProductsCreate].Hits, 180)
		_, failed := r.Requests()
		require.Zero(t, failed, "what is interrupted has not failed")
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, plan().Validate())
	for says, change := range map[string]func(*perf.Plan){
		"not 0":       func(p *perf.Plan) { p.Users = 0 },
		"not 1001":    func(p *perf.Plan) { p.Users = perf.MaxUsers + 1 },
		"at least 1s": func(p *perf.Plan) { p.Duration = perf.MinDuration - 1 },
		"timeout":     func(p *perf.Plan) { p.Timeout = 0 },
	} {
		p := plan()
		change(&p)
		require.ErrorContains(t, p.Validate(), says)
	}
}
