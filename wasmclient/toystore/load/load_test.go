package load_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/wasmclient/toystore"
	"lockstep/wasmclient/toystore/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const processing = 200 * time.Millisecond

// shop is a toy store whose requests take some time each, on a pool of workers.
type shop struct {
	pool    int // 0: any number
	workers chan struct{}
	stock   atomic.Int64
	dialed  atomic.Int64
	closed  atomic.Int64
	keys    atomic.Int64
}

func (s *shop) dial(string) toystore.Client {
	s.dialed.Add(1)
	return client{s}
}

type client struct{ *shop }

func (c client) work(ctx context.Context) error {
	if c.workers != nil {
		c.workers <- struct{}{}
		defer func() { <-c.workers }()
	}
	select {
	case <-time.After(processing):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c client) Query(ctx context.Context, name string) (toystore.Toy, error) {
	return toystore.Toy{Name: name}, c.work(ctx)
}

func (c client) Buy(ctx context.Context, p toystore.Purchase) (toystore.Sale, error) {
	if p.Key != "" {
		c.keys.Add(1)
	}
	err := c.work(ctx)
	if c.stock.Add(-p.Quantity) < 0 {
		return toystore.Sale{Result: toystore.OutOfStock}, err
	}
	return toystore.Sale{}, err
}

func (c client) Close() error {
	c.closed.Add(1)
	return nil
}

func plan() load.Plan {
	return load.Plan{
		Protocols: []string{"tcp"}, Operations: []load.Operation{load.Query}, Clients: []int{1, 5, 10}, Requests: 10, Toy: "Tux", Timeout: time.Minute,
	}
}

// run runs a plan in a bubble, where work takes exactly the time that it takes.
func run(t *testing.T, s *shop, plan load.Plan) (results []load.Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if s.workers = nil; s.pool > 0 {
			s.workers = make(chan struct{}, s.pool) // the bubble's
		}
		var err error
		done := atomic.Int64{}
		results, err = load.Run(t.Context(), plan, s.dial, func() { done.Add(1) })
		require.NoError(t, err)
		require.EqualValues(t, plan.Total(), done.Load())
	})
	return results
}

// With 200 ms of processing and a pool of 5: the pool is the limit for 10 clients, of
// which the first five never wait.
func TestAPoolOfFive(t *testing.T) {
	t.Parallel()
	s := &shop{pool: 5}
	results := run(t, s, plan())
	require.Len(t, results, 3)
	for i, want := range []float64{0.2, 0.2, 0.39} {
		require.InDelta(t, want, results[i].Latency.Mean, 1e-9)
	}
	require.InDelta(t, 25, results[2].Throughput, 1e-9, "5 in 200 ms")
	require.InDelta(t, 0.4, results[2].Latency.P50, 1e-4)
	require.InDelta(t, 0.4, results[2].Latency.Max, 0)
	require.LessOrEqual(t, results[2].Latency.P99, results[2].Latency.Max, "no percentile is above all")
	require.EqualValues(t, 16, s.dialed.Load(), "every client is one of its own")
	require.EqualValues(t, 16, s.closed.Load())
}

func TestWithoutALimit(t *testing.T) {
	t.Parallel()
	for _, r := range run(t, &shop{}, plan()) {
		require.InDelta(t, 0.2, r.Latency.Mean, 0)
		require.InDelta(t, 5*float64(len(r.Clients)), r.Throughput, 1e-9)
	}
}

// varied answers the nth request after n ms.
type varied struct {
	client
	n *int
}

func (v varied) Query(context.Context, string) (toystore.Toy, error) {
	*v.n++
	time.Sleep(time.Duration(*v.n) * time.Millisecond) // in a bubble
	return toystore.Toy{}, nil
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := plan()
		p.Clients, p.Requests = []int{1}, 1000
		n := 0
		results, err := load.Run(t.Context(), p, func(string) toystore.Client { return varied{client{new(shop)}, &n} }, func() {})
		require.NoError(t, err)
		l := results[0].Latency
		for want, got := range map[float64]float64{0.5005: l.Mean, 0.5: l.P50, 0.9: l.P90, 0.99: l.P99, 1: l.Max} {
			require.InEpsilon(t, want, got, 1e-4)
		}
	})
}

func TestEachProtocolWithEachOperation(t *testing.T) {
	t.Parallel()
	s := &shop{}
	s.stock.Store(17)
	p := plan()
	p.Protocols, p.Operations, p.Clients = []string{"tcp", "grpc"}, []load.Operation{load.Query, load.Buy}, []int{1, 2}
	var got []string
	for _, r := range run(t, s, p) {
		got = append(got, r.Protocol+" "+string(r.Operation)+" "+string('0'+rune(len(r.Clients))))
		require.Zero(t, r.Errors)
		if r.Protocol == "tcp" && len(r.Clients) == 2 && r.Operation == load.Buy {
			require.Equal(t, 13, r.OutOfStock, "10 + 20 - 17; an answer, not an error")
			require.InDelta(t, 0.2, r.Latency.Mean, 0)
		}
	}
	require.Equal(t, []string{"tcp query 1", "tcp query 2", "tcp buy 1", "tcp buy 2", "grpc query 1", "grpc query 2", "grpc buy 1", "grpc buy 2"}, got)
	require.Zero(t, s.keys.Load(), "not all protocols have keys")
}

// failing fails the second of its requests after a second.
type failing struct {
	client
	n *int
}

func (f failing) Query(ctx context.Context, name string) (toystore.Toy, error) {
	if *f.n++; *f.n == 2 {
		time.Sleep(time.Second) // in a bubble
		return toystore.Toy{}, errors.New("lost")
	}
	return f.client.Query(ctx, name)
}

func TestWhatFailsIsCountedAndNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := plan()
		p.Clients, p.Requests = []int{2}, 3
		counts := []*int{new(int), new(int)}
		next := 0
		results, err := load.Run(t.Context(), p, func(string) toystore.Client { next++; return failing{client{new(shop)}, counts[next-1]} }, func() {})
		require.NoError(t, err)
		r := results[0]
		require.Equal(t, 6, r.Requests)
		require.Equal(t, 2, r.Errors)
		require.Equal(t, "lost", r.FirstError)
		require.InDelta(t, 0.2, r.Latency.Max, 0, "a failure has no latency")
		require.InDelta(t, 4/1.4, r.Throughput, 1e-9)
		require.Equal(t, []int{3, 3}, []int{*counts[0], *counts[1]})
	})
}

func TestATimeout(t *testing.T) {
	t.Parallel()
	p := plan()
	p.Timeout = processing / 2
	r := run(t, &shop{}, p)[0]
	require.Equal(t, 10, r.Errors)
	require.Equal(t, "not answered within 100ms", r.FirstError)
	require.Nil(t, r.Latency, "no latency is neither 0 nor infinite")
}

func TestAnInterruptedRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("enough")) })
		s := &shop{}
		results, err := load.Run(ctx, plan(), s.dial, func() {})
		require.EqualError(t, err, "enough")
		require.Empty(t, results)
		require.Equal(t, s.dialed.Load(), s.closed.Load())
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, plan().Validate())
	for says, change := range map[string]func(*load.Plan){
		"must name a number": func(p *load.Plan) { p.Clients = nil },
		"not 0":              func(p *load.Plan) { p.Clients = []int{1, 0} },
		"not 10001":          func(p *load.Plan) { p.Clients = []int{load.MaxClients + 1} },
		"at least 1, not 0":  func(p *load.Plan) { p.Requests = 0 },
		"more than 10000000": func(p *load.Plan) { p.Requests = load.MaxRequests/10 + 1 },
		"timeout":            func(p *load.Plan) { p.Timeout = 0 },
		"empty":              func(p *load.Plan) { p.Toy = "" },
	} {
		p := plan()
		change(&p)
		require.ErrorContains(t, p.Validate(), says)
	}
}
