package pi

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent")) // of js, the runtime's own
}

// crowd is a kernel that knows how many call it at once. Each call waits until as many
// as want are there, if there is a want.
type crowd struct {
	sync.Mutex
	now, most, want int
	there           chan struct{}
}

func newCrowd(want int) *crowd { return &crowd{want: want, there: make(chan struct{})} }

func (c *crowd) kernel(*block, int) int64 {
	c.Lock()
	c.now++
	if c.now > c.most {
		if c.most = c.now; c.most == c.want {
			close(c.there)
		}
	}
	c.Unlock()
	if c.want > 0 {
		<-c.there
	}
	c.Lock()
	c.now--
	c.Unlock()
	return 1
}

func (c *crowd) pool(cores int) *Pool {
	return NewPool(&Sampler{implementation{"crowd", c.kernel}}, cores)
}

// Ten counts at once, of concurrency 8, have no more than the pool's cores.
func TestPoolKeepsToItsCores(t *testing.T) {
	t.Parallel()
	all := newCrowd(0)
	pool := all.pool(2)
	var group errgroup.Group
	for range 10 {
		group.Go(func() error {
			count, err := pool.Count(t.Context(), 1, Range{N: 500 * Block}, 8)
			require.EqualValues(t, 500, count)
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.LessOrEqual(t, all.most, 2)
}

// A count has as many cores as it may: this one ends only if it has them at once.
func TestPoolUsesItsCores(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ cores, concurrency, want int }{
		"as many as the pool has": {cores: 3, concurrency: 8, want: 3},
		"as its concurrency":      {cores: 8, concurrency: 3, want: 3},
		"one":                     {cores: 8, concurrency: 1, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := newCrowd(c.want)
			count, err := all.pool(c.cores).Count(t.Context(), 1, Range{N: 100 * Block}, c.concurrency)
			require.NoError(t, err)
			require.EqualValues(t, 100, count)
			require.Equal(t, c.want, all.most)
		})
	}
}

// A count that would take years ends with its context, whether it counts or waits for
// its turn.
func TestPoolEndsWithTheContext(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	begun := make(chan struct{})
	pool := NewPool(&Sampler{implementation{"endless", func(*block, int) int64 {
		if calls.Add(1) == 1 {
			close(begun)
		}
		return 0
	}}}, 2)
	ctx, cancel := context.WithCancel(t.Context())
	var group errgroup.Group
	for range 5 {
		group.Go(func() error {
			_, err := pool.Count(ctx, 1, Range{N: 1 << 62}, 2)
			require.ErrorIs(t, err, context.Canceled)
			return nil
		})
	}
	<-begun
	cancel()
	require.NoError(t, group.Wait())

	done := calls.Load()
	_, err := pool.Count(ctx, 1, Range{N: 100}, 1)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, done, calls.Load(), "nothing is counted when the context is done")
}
