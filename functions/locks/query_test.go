package locks_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/operation"
)

// queryOf asks for the resource 1 as "a reader".
func queryOf(wait time.Duration) operation.Request {
	r := with("", `{"resources":[1],"wait_ms":%d}`, wait.Milliseconds())
	r.Header["x-client"] = "a reader"
	return r
}

// listed returns the public ids of the leases that are listed, by their owners.
func listed(t *testing.T, s *locks.Service) map[string]string {
	t.Helper()
	var page struct {
		Leases []struct{ ID, Owner string }
	}
	require.NoError(t, json.Unmarshal(call(t.Context(), t, s, "leases", operation.Request{}).Body, &page))
	ids := map[string]string{}
	for _, l := range page.Leases {
		ids[l.Owner] = l.ID
	}
	return ids
}

func TestAQueryReadsAllAtTheSameTime(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		s.ReadTime = readTime
		ids := make([]int64, 100)
		for i := range ids {
			ids[i] = int64(i)
		}
		require.NoError(t, s.Store.PutEndpoint(t.Context(), "all", ids))
		text, err := json.Marshal(ids)
		require.NoError(t, err)
		begin := time.Now()
		got := call(t.Context(), t, s, "query", with("", `{"resources":%s}`, text))
		require.Equal(t, 200, got.Status)
		require.Equal(t, readTime, time.Since(begin))
		var reading struct {
			ReadAt string `json:"read_at"`
		}
		require.NoError(t, json.Unmarshal(got.Body, &reading))
		require.Equal(t, locks.Timestamp(time.Now()), reading.ReadAt, "when the last one was read")
	})
}

// A read may take longer than the lease that is taken for it lasts.
func TestAQueryHoldsItsLeaseWhileItReads(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		s.ReadTime = 20 * time.Second
		var tries atomic.Int64
		for after := time.Second; after < s.ReadTime; after += time.Second {
			time.AfterFunc(after, func() {
				tries.Add(1)
				require.Equal(t, 409, call(t.Context(), t, s, "acquire", with("", wish, "a", 60000, 0)).Status)
				require.Contains(t, listed(t, s), "a reader")
			})
		}
		require.Equal(t, 200, call(t.Context(), t, s, "query", queryOf(0)).Status)
		require.EqualValues(t, 19, tries.Load())
		require.Empty(t, listed(t, s))
	})
}

// What was read under a lease that is lost is thrown away, and read again.
func TestAQueryWhoseLeaseIsBrokenReadsAgain(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		s.ReadTime = readTime
		begin, operator := time.Now(), operation.Request{Path: map[string]string{}, Header: map[string]string{"x-operator": "me"}}
		time.AfterFunc(readTime/2, func() {
			operator.Path["id"] = listed(t, s)["a reader"]
			require.Equal(t, 200, call(t.Context(), t, s, "break", operator).Status)
		})
		got := call(t.Context(), t, s, "query", queryOf(time.Second))
		require.Equal(t, 200, got.Status, "%s", got.Body)
		require.Equal(t, 2*readTime, time.Since(begin), "the second reading is whole")
	})
}

// There is no time for another reading: nothing is answered that is not of one moment.
func TestAQueryWhoseLeaseIsBrokenInTheEndIsContended(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		s.ReadTime = readTime
		time.AfterFunc(readTime/2, func() {
			_, err := s.Leases.Break(t.Context(), listed(t, s)["a reader"])
			require.NoError(t, err)
		})
		got := call(t.Context(), t, s, "query", queryOf(0))
		require.Equal(t, 503, got.Status, "%s", got.Body)
		require.Equal(t, "1", got.Header["Retry-After"])
	})
}

func TestAQueryWaitsAsLongAsItMay(t *testing.T) {
	for _, wait := range []time.Duration{0, 50 * time.Millisecond, time.Second, 25 * time.Second} {
		t.Run(wait.String(), func(t *testing.T) {
			inABubble(t, func(t *testing.T, s *locks.Service) {
				for _, name := range []string{"a", "b"} {
					mustAcquire(t, s, name, 15*time.Minute)
				}
				begin := time.Now()
				require.Equal(t, 503, call(t.Context(), t, s, "query", queryOf(wait)).Status)
				require.LessOrEqual(t, time.Since(begin), wait)
				require.GreaterOrEqual(t, time.Since(begin), wait-100*time.Millisecond)
				require.NotContains(t, listed(t, s), "a reader")
			})
		})
	}
	t.Run("10 s, if it is not told", func(t *testing.T) {
		inABubble(t, func(t *testing.T, s *locks.Service) {
			for _, name := range []string{"a", "b"} {
				mustAcquire(t, s, name, 15*time.Minute)
			}
			begin := time.Now()
			require.Equal(t, 503, call(t.Context(), t, s, "query", with("", `{"resources":[1]}`)).Status)
			require.Equal(t, 10*time.Second, time.Since(begin))
		})
	})
}

// Who may write what a query reads has waited until it was done.
func TestAQueryKeepsWritersWaiting(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		s.ReadTime = time.Second
		begin, waited := time.Now(), make(chan time.Duration)
		time.AfterFunc(readTime, func() {
			both := `{"endpoints":["a","b"],"owner":"a writer","ttl_ms":60000,"wait_ms":25000}`
			require.Equal(t, 201, call(t.Context(), t, s, "acquire", with("", "%s", both)).Status)
			waited <- time.Since(begin)
		})
		require.Equal(t, 200, call(t.Context(), t, s, "query", queryOf(0)).Status)
		require.GreaterOrEqual(t, <-waited, time.Second)
	})
}

// A store that is out of order is no contention.
func TestAQueryThatFailsSaysSo(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		s.Store = unreadable{s.Store}
		for _, wait := range []time.Duration{0, time.Second} {
			requireAnswer(t, 500, `{"error":"internal error"}`, call(t.Context(), t, s, "query", queryOf(wait)))
			require.Empty(t, listed(t, s))
		}
	})
}

// unreadable is a store that can't be read under a lease.
type unreadable struct{ locks.Store }

func (unreadable) ReadState(context.Context, int64, int64) (string, error) {
	return "", errors.New("out of order")
}
