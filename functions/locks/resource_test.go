package locks_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// call runs an operation of the service by its name.
func call(ctx context.Context, t *testing.T, s *locks.Service, name string, r operation.Request) operation.Response {
	t.Helper()
	all := s.Operations()
	i := slices.IndexFunc(all, func(o operation.Operation) bool { return o.Name == name })
	require.GreaterOrEqual(t, i, 0, "no operation %s", name)
	return all[i].Handle(ctx, r)
}

func requireAnswer(t *testing.T, status int, body string, got operation.Response) {
	t.Helper()
	require.JSONEq(t, body, string(got.Body))
	require.Equal(t, status, got.Status)
}

const readTime = 100 * time.Millisecond

// service has "locked" and "free", which both serve 1 and 2, on a memory store.
func service(t *testing.T) *locks.Service {
	t.Helper()
	s := open(t)(lease.Options{})
	s.ReadTime = readTime
	for _, name := range []string{"locked", "free"} {
		require.NoError(t, s.Store.PutEndpoint(t.Context(), name, []int64{1, 2}))
	}
	_, err := s.Leases.Lock(t.Context(), "locked", 0)
	require.NoError(t, err)
	return s
}

func read(endpoint, id string) operation.Request {
	return operation.Request{Path: map[string]string{"endpoint": endpoint, "id": id}}
}

func TestResourceRefusesInOrderAndAtOnce(t *testing.T) {
	t.Parallel()
	notServed := func(endpoint, id string) string {
		return fmt.Sprintf(`{"error":"'%s' does not expose resource '%s'"}`, endpoint, id)
	}
	for name, c := range map[string]struct {
		endpoint, id string
		status       int
		want         string
	}{
		"unknown endpoint":                   {"nobody", "1", 404, `{"error":"'nobody' not found"}`},
		"unknown endpoint, id not a number":  {"nobody", "x", 404, `{"error":"'nobody' not found"}`},
		"endpoint in another case":           {"Locked", "1", 404, `{"error":"'Locked' not found"}`},
		"not served, locked":                 {"locked", "3", 404, notServed("locked", "3")},
		"not served, not locked":             {"free", "3", 404, notServed("free", "3")},
		"not a number, locked":               {"locked", "x", 404, notServed("locked", "x")},
		"not a number, not locked":           {"free", "x", 404, notServed("free", "x")},
		"no id":                              {"locked", "", 404, notServed("locked", "")},
		"a sign":                             {"locked", "+1", 404, notServed("locked", "+1")},
		"a negative number":                  {"locked", "-1", 404, notServed("locked", "-1")},
		"a fraction":                         {"locked", "1.0", 404, notServed("locked", "1.0")},
		"an exponent":                        {"locked", "1e0", 404, notServed("locked", "1e0")},
		"a hexadecimal number":               {"locked", "0x1", 404, notServed("locked", "0x1")},
		"a space":                            {"locked", " 1", 404, notServed("locked", " 1")},
		"digits of another script":           {"locked", "١", 404, notServed("locked", "١")},
		"a number above 64 bits":             {"locked", "18446744073709551617", 404, notServed("locked", "18446744073709551617")},
		"served, but the lock is not taken":  {"free", "1", 403, `{"error":"'free' must be locked to access its state"}`},
		"served too, the lock not taken yet": {"free", "2", 403, `{"error":"'free' must be locked to access its state"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, started := service(t), time.Now()
				requireAnswer(t, c.status, c.want, call(t.Context(), t, s, "resource", read(c.endpoint, c.id)))
				require.Zero(t, time.Since(started), "a refusal does not wait for the read time")
			})
		})
	}
}

func TestResourceTakesTheReadTime(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]time.Duration{"none": 0, "100 ms": readTime, "27 s": 27 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, started := service(t), time.Now()
				s.ReadTime = d
				requireAnswer(t, 200, `{"state":"initial"}`, call(t.Context(), t, s, "resource", read("locked", "2")))
				require.Equal(t, d, time.Since(started)) // the bubble's clock: exact
			})
		})
	}
}

func TestResourceChecksTheLockBeforeTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := service(t)
		time.AfterFunc(readTime/2, func() { _ = s.Leases.Unlock(context.Background(), "locked") })
		requireAnswer(t, 200, `{"state":"initial"}`, call(t.Context(), t, s, "resource", read("locked", "1")))
		requireAnswer(t, 403, `{"error":"'locked' must be locked to access its state"}`, call(t.Context(), t, s, "resource", read("locked", "1")))
	})
}

func TestResourceReadsAtTheSameTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, started, answers := service(t), time.Now(), make(chan operation.Response)
		for _, id := range []string{"1", "2", "1", "2"} {
			go func() { answers <- call(t.Context(), t, s, "resource", read("locked", id)) }()
		}
		for range 4 {
			requireAnswer(t, 200, `{"state":"initial"}`, <-answers)
		}
		require.Equal(t, readTime, time.Since(started), "one read does not wait for another")
	})
}

func TestResourceEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	const over = `{"error":"the time for this request is over"}`
	t.Run("who hangs up", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, started := service(t), time.Now()
			ctx, hangUp := context.WithCancel(t.Context())
			time.AfterFunc(readTime/2, hangUp)
			requireAnswer(t, 504, over, call(ctx, t, s, "resource", read("locked", "1")))
			require.Equal(t, readTime/2, time.Since(started))
		})
	})
	t.Run("whose time is over", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, started := service(t), time.Now()
			s.ReadTime = time.Hour
			requireAnswer(t, 504, over, call(t.Context(), t, s, "resource", read("locked", "1")))
			require.Equal(t, operation.DefaultTimeout, time.Since(started))
		})
	})
}

// failing is a store that is out of order.
type failing struct{ locks.Store }

func (failing) State(context.Context, int64) (string, error) {
	return "", errors.New("table arn:aws:dynamodb:eu-west-1:123456789012:table/States is gone")
}

func TestResourceHidesWhatTheStoreSays(t *testing.T) {
	t.Parallel()
	s := service(t)
	s.Store, s.ReadTime = failing{s.Store}, 0
	requireAnswer(t, 500, `{"error":"internal error"}`, call(t.Context(), t, s, "resource", read("locked", "1")))
}
