package sim_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/sim"
)

// asker answers a query of n ids after n seconds.
type asker struct{ under, most atomic.Int64 }

func (a *asker) Query(ctx context.Context, ids ...int64) (map[int64]string, error) {
	a.most.Store(max(a.most.Load(), a.under.Add(1)))
	defer a.under.Add(-1)
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(time.Duration(len(ids)) * time.Second):
	}
	states := map[int64]string{}
	for _, id := range ids {
		if id >= 0 { // a negative one is forgotten
			states[id] = ""
		}
	}
	return states, nil
}

func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &asker{}
		var last atomic.Int64
		samples, makespan := sim.Run(t.Context(), a, [][]int64{{1}, {1, 2}, {-1}, {1, 2, 3, 4, 5, 6}, {}}, sim.Options{Workers: 2, Timeout: 5 * time.Second}, func(done int) { last.Store(max(last.Load(), int64(done))) })
		require.EqualValues(t, 2, a.most.Load(), "as many at a time as there are workers")
		require.EqualValues(t, 5, last.Load())
		require.Equal(t, 7*time.Second, makespan)
		require.Equal(t, time.Second, samples[0].Latency)
		require.Equal(t, 2*time.Second, samples[1].Latency)
		require.ErrorContains(t, samples[2].Err, "the answer has 0 resources, asked were 1", "an answer that is not whole is none")
		require.ErrorContains(t, samples[3].Err, "not answered within 5s")
		require.NoError(t, samples[4].Err)
	})
}

func TestAnEndedRunFailsWhatIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(1500*time.Millisecond, func() { cancel(cause) })
		samples, makespan := sim.Run(ctx, &asker{}, [][]int64{{1}, {1}, {1}}, sim.Options{Workers: 1, Timeout: time.Minute}, nil)
		require.Equal(t, 1500*time.Millisecond, makespan)
		require.NoError(t, samples[0].Err)
		require.ErrorIs(t, samples[1].Err, cause)
		require.ErrorIs(t, samples[2].Err, cause)
	})
}
