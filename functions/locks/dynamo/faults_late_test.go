package dynamo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks/dynamo"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/lease"
)

// held is a plan by which the first attempt at the call does not get lost but comes
// late; the second one is answered.
func held(late *faults.Late, call string) faults.Plan { return faults.Nth(call, 1, late.Held()) }

// requireRefused requires that the one attempt that was late has had no effect.
func requireRefused(t *testing.T, late *faults.Late) {
	t.Helper()
	outcomes := late.Release()
	require.Len(t, outcomes, 1)
	var refused *types.ConditionalCheckFailedException
	require.ErrorAs(t, outcomes[0], &refused)
}

// free returns a store with a free endpoint "a" that serves 1.
func free(t *testing.T) *dynamo.Store {
	t.Helper()
	s := newStore(t)
	require.NoError(t, s.PutEndpoint(t.Context(), "a", []int64{1}))
	return s
}

// Nobody holds the lock any more that comes late, so nobody would free it.
func TestALateLockDoesNotRiseAgain(t *testing.T) {
	t.Parallel()
	s, late := free(t), &faults.Late{}
	requireAnswer(t, 200, ok, on(t, over(s, held(late, "UpdateItem")), "lock"))
	requireAnswer(t, 200, ok, on(t, s, "unlock"))
	requireRefused(t, late)
	requireLocked(t, false, s, "a")
}

func TestALateLockThatWasGivenUpDoesNotRise(t *testing.T) {
	t.Parallel()
	s, late := free(t), &faults.Late{}
	given := func(a faults.Attempt) faults.Fault {
		switch {
		case a.Call != "UpdateItem":
			return faults.None
		case a.N == 1:
			return late.Held()
		case a.N <= 6: // all attempts at the lock, but none at what is done about them
			return faults.Unsent
		default:
			return faults.None
		}
	}
	requireAnswer(t, 502, unknown, on(t, over(s, given), "lock"))
	for on(t, s, "lock").Status != 200 { // what may have been done is undone meanwhile
		require.NoError(t, t.Context().Err())
	}
	requireAnswer(t, 200, ok, on(t, s, "unlock"))
	requireRefused(t, late)
	requireLocked(t, false, s, "a")
}

func TestALateLeaseDoesNotRiseAgain(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]int{"at once": 0, "in line": 1000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, late := free(t), &faults.Late{}
			l := mustAcquire(t, over(s, held(late, "UpdateItem")), wait)
			require.Equal(t, 204, ask(t, s, "release", request{lease: l.Lease}).Status)
			requireRefused(t, late)
			requireLocked(t, false, s, "a")
		})
	}
}

// A second attempt was answered, so that the lease stands beside a tomb of its id.
func TestALeaseWhoseAnswerWasLostIsRepeated(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		for _, wait := range []int{0, 1000} {
			l := mustAcquire(t, over(s, faults.Nth("UpdateItem", 1, way)), wait)
			for _, again := range []int{0, 1000} {
				got := ask(t, s, "acquire", request{lease: l.Lease, body: wish(again)})
				require.Equal(t, 201, got.Status, "%s", got.Body)
			}
			require.Equal(t, 204, ask(t, s, "release", request{lease: l.Lease}).Status)
			require.Equal(t, 410, ask(t, s, "acquire", request{lease: l.Lease, body: wish(wait)}).Status)
			requireLocked(t, false, s, "a")
		}
	})
}

func TestReleaseAndRenewalWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		l, lost := mustAcquire(t, s, 0), faults.Nth("UpdateItem", 1, way)
		got := ask(t, over(s, lost), "renew", request{lease: l.Lease, body: `{"ttl_ms":900000}`})
		require.Equal(t, 200, got.Status, "%s", got.Body)
		require.Equal(t, 204, ask(t, over(s, lost), "release", request{lease: l.Lease}).Status)
		require.Equal(t, 404, ask(t, s, "release", request{lease: l.Lease}).Status)
		l = mustAcquire(t, s, 0)
		require.Equal(t, 200, ask(t, over(s, lost), "break", request{id: l.ID}).Status)
		require.Equal(t, 404, ask(t, s, "break", request{id: l.ID}).Status)
	})
}

func TestALateUnlockLeavesTheNextLockAlone(t *testing.T) {
	t.Parallel()
	s, late := free(t), &faults.Late{}
	requireAnswer(t, 200, ok, on(t, s, "lock"))
	requireAnswer(t, 200, ok, on(t, over(s, held(late, "UpdateItem")), "unlock"))
	requireAnswer(t, 200, ok, on(t, s, "lock"))
	requireRefused(t, late)
	requireLocked(t, true, s, "a")
}

func TestALateRenewalDoesNotShorten(t *testing.T) {
	t.Parallel()
	s, late := free(t), &faults.Late{}
	l := mustAcquire(t, s, 0)
	require.Equal(t, 200, ask(t, over(s, held(late, "UpdateItem")), "renew", request{lease: l.Lease, body: `{"ttl_ms":100000}`}).Status)
	longer := ask(t, s, "renew", request{lease: l.Lease, body: `{"ttl_ms":900000}`})
	require.Equal(t, 200, longer.Status)
	requireRefused(t, late)
	require.JSONEq(t, string(longer.Body), string(ask(t, s, "leases", request{lease: l.Lease}).Body))
}

// What a late note of an id says was so, and is still.
func TestALateUseOfAnIDChangesNothing(t *testing.T) {
	t.Parallel()
	s, late := free(t), &faults.Late{}
	l := mustAcquire(t, over(s, held(late, "PutItem")), 0)
	require.Equal(t, 204, ask(t, s, "release", request{lease: l.Lease}).Status)
	require.Equal(t, []error{nil}, late.Release())
	require.Equal(t, 410, ask(t, s, "acquire", request{lease: l.Lease, body: wish(0)}).Status)

	secret := lease.NewSecret() // given up, late
	require.Equal(t, 404, ask(t, over(s, held(late, "PutItem")), "release", request{lease: secret}).Status)
	require.Equal(t, []error{nil}, late.Release())
	require.Equal(t, 410, ask(t, s, "acquire", request{lease: secret, body: wish(0)}).Status)
}
