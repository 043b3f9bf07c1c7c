package dynamo_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks/dynamo"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/lease"
)

// leased is what these tests need of a lease's answer.
type leased struct {
	Lease string `json:"lease"`
	ID    string `json:"id"`
	Token int64  `json:"token"`
}

// wish asks for "a".
func wish(waitMs int) string {
	return fmt.Sprintf(`{"endpoints":["a"],"owner":"somebody","ttl_ms":60000,"wait_ms":%d}`, waitMs)
}

// mustAcquire leases "a" under an id of the caller's.
func mustAcquire(t *testing.T, s *dynamo.Store, waitMs int) (l leased) {
	t.Helper()
	got := ask(t, s, "acquire", request{lease: lease.NewSecret(), body: wish(waitMs)})
	require.Equal(t, 201, got.Status, "%s", got.Body)
	require.NoError(t, json.Unmarshal(got.Body, &l))
	return l
}

func (l leased) write(state string) request {
	return request{lease: l.Lease, token: strconv.FormatInt(l.Token, 10), body: fmt.Sprintf(`{"states":{"1":%q}}`, state)}
}

// Every answer is lost: what was done is unknown, and the caller must be told so,
// not that nothing was done. A 500 would let it try again, and free a lock that
// somebody else has taken since.
func TestNoAnswerAtAllIsNotTakenForNothingDone(t *testing.T) {
	t.Parallel()
	held := func(t *testing.T, s *dynamo.Store) leased { return mustAcquire(t, s, 0) }
	locked := func(t *testing.T, s *dynamo.Store) leased {
		requireAnswer(t, 200, ok, on(t, s, "lock"))
		return leased{}
	}
	free := func(*testing.T, *dynamo.Store) leased { return leased{Lease: lease.NewSecret()} }
	for name, c := range map[string]struct {
		operation, call string
		given           func(*testing.T, *dynamo.Store) leased
		request         func(leased) request
	}{
		"lock":    {"lock", "UpdateItem", free, func(leased) request { return request{endpoint: "a"} }},
		"unlock":  {"unlock", "UpdateItem", locked, func(leased) request { return request{endpoint: "a"} }},
		"acquire": {"acquire", "UpdateItem", free, func(l leased) request { return request{lease: l.Lease, body: wish(0)} }},
		"acquire, waiting": {"acquire", "UpdateItem", free, func(l leased) request {
			return request{lease: l.Lease, body: wish(1000)}
		}},
		"acquire, noting the id": {"acquire", "PutItem", free, func(l leased) request { return request{lease: l.Lease, body: wish(0)} }},
		"renew":                  {"renew", "UpdateItem", held, func(l leased) request { return request{lease: l.Lease, body: `{"ttl_ms":900000}`} }},
		"release":                {"release", "UpdateItem", held, func(l leased) request { return request{lease: l.Lease} }},
		"release, giving the id up": {"release", "PutItem", free, func(l leased) request {
			return request{lease: l.Lease}
		}},
		"break":           {"break", "UpdateItem", held, func(l leased) request { return request{id: l.ID} }},
		"write":           {"write", "TransactWriteItems", held, func(l leased) request { return l.write("written") }},
		"query":           {"query", "UpdateItem", free, func(leased) request { return request{body: `{"resources":[1]}`} }},
		"put-endpoint":    {"put-endpoint", "PutItem", free, func(leased) request { return request{endpoint: "a", body: `{"resources":[1,2]}`} }},
		"delete-endpoint": {"delete-endpoint", "DeleteItem", free, func(leased) request { return request{endpoint: "a"} }},
		"an operator's hold": {"put-endpoint", "UpdateItem", free, func(leased) request {
			return request{endpoint: "a", body: `{"resources":[1,2]}`}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, fault := range []faults.Fault{faults.Lost, faults.BrokenOff, faults.Unsent} {
				s := newStore(t)
				require.NoError(t, s.PutEndpoint(t.Context(), "a", []int64{1}))
				in := c.request(c.given(t, s))
				requireAnswer(t, 502, unknown, ask(t, over(s, faults.Every(c.call, 1, fault)), c.operation, in))
			}
		})
	}
}

// An error after an acquire leaves nothing held, whether the id was noted as used or not.
func TestWhatFailedIsNotHeld(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		for _, wait := range []int{0, 1000} {
			secret := lease.NewSecret()
			got := ask(t, over(s, faults.Every("PutItem", 1, way)), "acquire", request{lease: secret, body: wish(wait)})
			require.GreaterOrEqual(t, got.Status, 500)
			requireLocked(t, false, s, "a")
			got = ask(t, s, "acquire", request{lease: secret, body: wish(wait)})
			require.Equal(t, 410, got.Status, "%s", got.Body)
			requireLocked(t, false, s, "a")
		}
	})
}
