package compute_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/compute"
)

// script is a follower: what it does each time it is asked, the last of it again and
// again.
type script struct {
	calls int
	does  []func(ctx context.Context, tell func(compute.Progress)) error
}

func (s *script) Progress(ctx context.Context, id string, tell func(compute.Progress)) error {
	do := s.does[min(s.calls, len(s.does)-1)]
	s.calls++
	return do(ctx, func(p compute.Progress) { p.ID = id; tell(p) })
}

func tells(err error, lines ...compute.Progress) func(context.Context, func(compute.Progress)) error {
	return func(_ context.Context, tell func(compute.Progress)) error {
		for _, p := range lines {
			tell(p)
		}
		return err
	}
}

func hangs(ctx context.Context, tell func(compute.Progress)) error {
	tell(compute.Progress{Of: 3})
	<-ctx.Done()
	return &compute.Error{Message: context.Cause(ctx).Error(), Err: context.Cause(ctx)}
}

var (
	broken  = &compute.Error{Message: "broken", Passing: true}
	refused = &compute.Error{Message: "refused", Status: 404}
	nobody  = &compute.Error{Message: "nobody", Unreachable: true}
	first   = compute.Progress{Done: 1, Of: 3}
	second  = compute.Progress{Done: 2, Of: 3}
	last    = compute.Progress{Done: 3, Of: 3, Answer: &compute.Answer{Pi: 3}}
)

func TestFollow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script
		told  []int // shards
		err   string
		calls int
		took  time.Duration // at most
	}{
		"to its end":        {script{does: listOf(tells(nil, first, second, last))}, []int{1, 2, 3}, "", 1, 0},
		"the server ends":   {script{does: listOf(tells(nil, first), tells(nil, second), tells(nil, last))}, []int{1, 2, 3}, "", 3, 2 * compute.FirstWait},
		"it breaks off":     {script{does: listOf(tells(broken, first), tells(broken), tells(nil, last))}, []int{1, 3}, "", 3, 3 * compute.FirstWait},
		"the server is new": {script{does: listOf(tells(broken, first), tells(nobody), tells(nil, last))}, []int{1, 3}, "", 3, 3 * compute.FirstWait},
		"broken at the end": {script{does: listOf(tells(broken, last))}, []int{3}, "", 1, 0},
		"refused":           {script{does: listOf(tells(refused))}, nil, "refused", 1, 0},
		"refused later":     {script{does: listOf(tells(nil, first), tells(refused))}, []int{1}, "refused", 2, compute.FirstWait},
		"nobody is there":   {script{does: listOf(tells(nobody))}, nil, "nobody", 1, 0},
		"later, please":     {script{does: listOf(tells(&compute.Error{Message: "later", Passing: true, After: time.Hour}))}, nil, "later", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var told []int
				got, err := compute.Follow(t.Context(), &c.script, "r", time.Minute, func(p compute.Progress) { told = append(told, p.Done) })
				require.Equal(t, c.told, told)
				require.Equal(t, c.calls, c.script.calls)
				require.LessOrEqual(t, time.Since(begin), c.took)
				if c.err != "" {
					require.EqualError(t, err, c.err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, last.Answer, got.Answer)
				require.Equal(t, "r", got.ID)
			})
		})
	}
}

func listOf[T any](all ...T) []T { return all }

func TestFollowGivesUpWithoutNews(t *testing.T) {
	t.Parallel()
	for says, does := range map[string][]func(context.Context, func(compute.Progress)) error{
		"broken":                                 listOf(tells(nil, first), tells(broken)),
		"no news within 1m0s":                    listOf(hangs),
		"the run's progress ends without a word": listOf(tells(nil)),
	} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			s := &script{does: does}
			_, err := compute.Follow(t.Context(), s, "r", time.Minute, func(compute.Progress) {})
			require.EqualError(t, err, says)
			require.LessOrEqual(t, time.Since(begin), time.Minute+compute.FirstWait)
			require.Greater(t, time.Since(begin), time.Minute-compute.LongestWait-time.Second)
			require.Less(t, s.calls, 100)
		})
	}
}

// As long as there is news it goes on, however long that is.
func TestFollowIsPatientWithNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, tell func(compute.Progress)) error {
			for range 100 {
				select {
				case <-time.After(50 * time.Second):
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				tell(first)
			}
			return nil
		}
		_, err := compute.Follow(t.Context(), &script{does: listOf(slow, slow, tells(nil, last))}, "r", time.Minute, func(compute.Progress) {})
		require.NoError(t, err)
	})
}

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, does := range [][]func(context.Context, func(compute.Progress)) error{listOf(hangs), listOf(tells(broken))} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(10*time.Second, cancel)
			begin := time.Now()
			_, err := compute.Follow(ctx, &script{does: does}, "r", time.Minute, func(compute.Progress) {})
			require.Error(t, err)
			require.Equal(t, 10*time.Second, time.Since(begin))
		})
	}
}
