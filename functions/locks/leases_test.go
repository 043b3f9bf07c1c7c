package locks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// What leases promise about time, on the memory store, in virtual time. What they
// promise beside that is in storetest.

// inABubble runs the test in virtual time, with "a" and "b", which both serve 1.
func inABubble(t *testing.T, test func(*testing.T, *locks.Service)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t)(lease.Options{})
		for _, name := range []string{"a", "b"} {
			require.NoError(t, s.Store.PutEndpoint(t.Context(), name, []int64{1}))
		}
		test(t, s)
	})
}

// with is a request with the header Lease and a body.
func with(secret, format string, values ...any) operation.Request {
	return operation.Request{Header: map[string]string{"lease": secret}, Query: map[string]string{}, Body: fmt.Appendf(nil, format, values...)}
}

// polling is a request for how the lease stands, waiting up to that.
func polling(secret string, wait time.Duration) operation.Request {
	r := with(secret, "")
	r.Query["wait_ms"] = fmt.Sprint(wait.Milliseconds())
	return r
}

const wish = `{"endpoints":[%q],"owner":"somebody","ttl_ms":%d,"wait_ms":%d}`

// acquire asks for the endpoint and returns the secret and the status.
func acquire(t *testing.T, s *locks.Service, endpoint string, ttl, wait time.Duration) (secret string, status int) {
	t.Helper()
	secret = lease.NewSecret()
	return secret, call(t.Context(), t, s, "acquire", with(secret, wish, endpoint, ttl.Milliseconds(), wait.Milliseconds())).Status
}

func mustAcquire(t *testing.T, s *locks.Service, endpoint string, ttl time.Duration) (secret string) {
	t.Helper()
	secret, status := acquire(t, s, endpoint, ttl, 0)
	require.Equal(t, 201, status)
	return secret
}

func requireLocked(t *testing.T, want bool, s *locks.Service, name string) {
	t.Helper()
	var all map[string]locks.Endpoint
	require.NoError(t, json.Unmarshal(call(t.Context(), t, s, "registry", operation.Request{}).Body, &all))
	require.Equal(t, want, all[name].Locked, "'%s' after %v", name, time.Now())
}

func TestACrashedHolderDelaysTheNextByItsRemainingTimeAndASecond(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		begin := time.Now()
		mustAcquire(t, s, "a", 10*time.Second)
		time.Sleep(3 * time.Second)
		_, status := acquire(t, s, "a", time.Minute, 25*time.Second)
		require.Equal(t, 201, status)
		require.Greater(t, time.Since(begin), 10*time.Second+lease.SkewAllowance)
		require.LessOrEqual(t, time.Since(begin), 11*time.Second)
	})
}

func TestADeadWaiterDelaysOthersBySixSeconds(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		mustAcquire(t, s, "a", 15*time.Minute)
		dead := with(lease.NewSecret(), `{"endpoints":["a","b"],"owner":"dead","ttl_ms":900000,"wait_ms":1}`)
		require.Equal(t, 202, call(t.Context(), t, s, "acquire", dead).Status)
		begin := time.Now()
		_, status := acquire(t, s, "b", time.Minute, 25*time.Second)
		require.Equal(t, 201, status)
		require.Greater(t, time.Since(begin), 4*time.Second)
		require.LessOrEqual(t, time.Since(begin), 6*time.Second)
	})
}

func TestAnExpiredLeaseLocksTheRegistryNoLonger(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		mustAcquire(t, s, "a", time.Minute)
		s.LockLimit = 2 * time.Minute
		require.Equal(t, 200, call(t.Context(), t, s, "lock", read("b", "1")).Status)
		time.Sleep(time.Minute + lease.SkewAllowance)
		requireLocked(t, true, s, "a")
		time.Sleep(time.Millisecond)
		requireLocked(t, false, s, "a")
		requireLocked(t, true, s, "b")
		time.Sleep(time.Minute)
		requireLocked(t, false, s, "b")
		require.Equal(t, 403, call(t.Context(), t, s, "resource", read("b", "1")).Status)
	})
}

func TestALockWithoutALimitLasts(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		require.Equal(t, 200, call(t.Context(), t, s, "lock", read("a", "1")).Status)
		time.Sleep(10_000 * time.Hour)
		requireLocked(t, true, s, "a")
		require.Equal(t, 200, call(t.Context(), t, s, "resource", read("a", "1")).Status)
		require.Equal(t, 200, call(t.Context(), t, s, "unlock", read("a", "1")).Status)
	})
}

// Each poll is worth 5 s, whenever it comes.
func TestPollingKeepsAWaiterAlive(t *testing.T) {
	for name, every := range map[string][]time.Duration{
		"4.9 s apart": {4900 * time.Millisecond}, "one early, one late": {1900 * time.Millisecond, 4900 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			inABubble(t, func(t *testing.T, s *locks.Service) {
				mustAcquire(t, s, "a", 15*time.Minute)
				secret, status := acquire(t, s, "a", time.Minute, time.Millisecond)
				require.Equal(t, 202, status)
				for i := range 10 {
					time.Sleep(every[i%len(every)])
					require.Equal(t, 409, call(t.Context(), t, s, "acquire", with("", wish, "a", 60000, 0)).Status) // it evicts whom it may
					require.Equal(t, 200, call(t.Context(), t, s, "leases", with(secret, "")).Status)
				}
				time.Sleep(5*time.Second + lease.SkewAllowance + time.Millisecond)
				require.Equal(t, 409, call(t.Context(), t, s, "acquire", with("", wish, "a", 60000, 0)).Status)
				require.Equal(t, 404, call(t.Context(), t, s, "leases", with(secret, "")).Status)
			})
		})
	}
}

func TestWaitingTakesAsLongAsItMay(t *testing.T) {
	for _, wait := range []time.Duration{time.Millisecond, time.Second, 25 * time.Second} {
		t.Run(wait.String(), func(t *testing.T) {
			inABubble(t, func(t *testing.T, s *locks.Service) {
				mustAcquire(t, s, "a", 15*time.Minute)
				begin := time.Now()
				took := func() time.Duration {
					defer func() { begin = time.Now() }()
					return time.Since(begin)
				}
				secret, status := acquire(t, s, "a", time.Minute, wait)
				require.Equal(t, 202, status)
				require.Equal(t, wait, took())
				require.Equal(t, 200, call(t.Context(), t, s, "leases", polling(secret, wait)).Status)
				require.Equal(t, wait, took())
				require.Equal(t, 200, call(t.Context(), t, s, "leases", with(secret, "")).Status)
				require.Equal(t, 409, call(t.Context(), t, s, "acquire", with("", wish, "a", 60000, 0)).Status)
				require.Zero(t, took(), "at once")
			})
		})
	}
}

func TestRenewalLastsFromNowOn(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		expires := func(got operation.Response) string {
			var l struct {
				ExpiresAt string `json:"expires_at"`
			}
			require.NoError(t, json.Unmarshal(got.Body, &l))
			require.Equal(t, 200, got.Status)
			return l.ExpiresAt
		}
		secret := mustAcquire(t, s, "a", time.Minute)
		time.Sleep(30 * time.Second)
		until := locks.Timestamp(time.Now().Add(time.Minute))
		require.Equal(t, until, expires(call(t.Context(), t, s, "renew", with(secret, `{"ttl_ms":60000}`))))
		require.Equal(t, until, expires(call(t.Context(), t, s, "renew", with(secret, `{"ttl_ms":59999}`))), "never shorter")
		time.Sleep(time.Minute + lease.SkewAllowance)
		require.Equal(t, 409, call(t.Context(), t, s, "acquire", with("", wish, "a", 60000, 0)).Status)
		time.Sleep(time.Millisecond)
		require.Equal(t, 201, call(t.Context(), t, s, "acquire", with("", wish, "a", 60000, 0)).Status)
		require.Equal(t, 410, call(t.Context(), t, s, "renew", with(secret, `{"ttl_ms":60000}`)).Status)
	})
}

func TestAnIDIsKnownToHaveBeenUsedForAnHour(t *testing.T) {
	inABubble(t, func(t *testing.T, s *locks.Service) {
		secret := mustAcquire(t, s, "a", time.Minute)
		time.Sleep(locks.IDsKept)
		require.Equal(t, 204, call(t.Context(), t, s, "release", with(secret, "")).Status)
		require.Equal(t, 410, call(t.Context(), t, s, "acquire", with(secret, wish, "a", 60000, 0)).Status)
		requireLocked(t, false, s, "a")
		time.Sleep(2 * time.Minute)
		require.Equal(t, 201, call(t.Context(), t, s, "acquire", with(secret, wish, "a", 60000, 0)).Status)
	})
}

// Who hangs up while it waits leaves nothing for long: under an id of its own it may
// be back within 5 s, and then has kept its place. Whose time is over is told so.
func TestWhoeverWaitsNoLongerLeavesTheLine(t *testing.T) {
	const over = `{"error":"the time for this request is over"}`
	for name, c := range map[string]struct {
		secret string
		end    func(context.Context) (context.Context, context.CancelFunc)
		stays  bool // for a while
	}{
		"hung up, with an id of its own":               {lease.NewSecret(), hangUp, true},
		"hung up, with one that the server draws":      {"", hangUp, false},
		"out of time, with an id of its own":           {lease.NewSecret(), timeOut, false},
		"out of time, with one that the server draws ": {"", timeOut, false},
	} {
		t.Run(name, func(t *testing.T) {
			inABubble(t, func(t *testing.T, s *locks.Service) {
				mustAcquire(t, s, "a", 15*time.Minute)
				ctx, cancel := c.end(t.Context())
				defer cancel()
				both := with(c.secret, `{"endpoints":["a","b"],"owner":"somebody","ttl_ms":60000,"wait_ms":25000}`)
				requireAnswer(t, 504, over, call(ctx, t, s, "acquire", both))
				requireLocked(t, c.stays, s, "b")
				if c.stays {
					time.Sleep(4 * time.Second)
					again := call(t.Context(), t, s, "acquire", both)
					require.Equal(t, 202, again.Status, "%s", again.Body)
				}
				time.Sleep(6 * time.Second)
				requireLocked(t, false, s, "b")
			})
		})
	}
}

func hangUp(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	time.AfterFunc(10*time.Second, cancel)
	return ctx, cancel
}

func timeOut(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 10*time.Second)
}
