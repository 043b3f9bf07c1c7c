package dynamo_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks/dynamo"
	"lockstep/shared/dynamo/faults"
)

func TestLockWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		requireAnswer(t, 200, ok, on(t, over(s, faults.Nth("UpdateItem", 1, way)), "lock")) // it took the lock, and must say so
		requireLocked(t, true, s, "a")
		requireAnswer(t, 403, alreadyLocked, on(t, s, "lock"))
		requireAnswer(t, 200, ok, on(t, s, "unlock"))
		requireAnswer(t, 403, alreadyUnlocked, on(t, s, "unlock")) // it was locked once
	})
}

func TestLockWhoseRefusalWasLost(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		overtaken := doing("UpdateItem", 1, func() { requireAnswer(t, 200, ok, on(t, s, "lock")) }, way)
		requireAnswer(t, 403, alreadyLocked, on(t, over(s, overtaken), "lock")) // it is somebody else's lock
		requireLocked(t, true, s, "a")
	})
}

func TestUnlockWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		requireAnswer(t, 200, ok, on(t, s, "lock"))
		requireAnswer(t, 200, ok, on(t, over(s, faults.Nth("UpdateItem", 1, way)), "unlock")) // it freed the lock, and must say so
		requireAnswer(t, 403, alreadyUnlocked, on(t, s, "unlock"))
	})
}

func TestUnlockWhoseRefusalWasLost(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		requireAnswer(t, 200, ok, on(t, s, "lock"))
		overtaken := doing("UpdateItem", 1, func() { requireAnswer(t, 200, ok, on(t, s, "unlock")) }, way)
		requireAnswer(t, 403, alreadyUnlocked, on(t, over(s, overtaken), "unlock")) // it was somebody else who freed it
	})
}

func TestUnlockWhoseAnswerWasLostLeavesTheNextLockAlone(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		requireAnswer(t, 200, ok, on(t, s, "lock"))
		meanwhile := doing("UpdateItem", 2, func() { requireAnswer(t, 200, ok, on(t, s, "lock")) }, faults.None) // it is free, so anybody may take it
		requireAnswer(t, 200, ok, on(t, over(s, both(faults.Nth("UpdateItem", 1, way), meanwhile)), "unlock"))
		requireLocked(t, true, s, "a")
	})
}

func TestOperatorsWithLostAnswersLeaveNothingLocked(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		operator := over(s, func(a faults.Attempt) faults.Fault { // the answer of each second attempt arrives
			if strings.HasSuffix(a.Call, "Item") && a.Call != "GetItem" && a.N%2 == 1 {
				return way
			}
			return faults.None
		})
		put := func(s *dynamo.Store, ids string) string {
			return string(ask(t, s, "put-endpoint", request{endpoint: "b", body: `{"resources":` + ids + `}`}).Body)
		}
		b := request{endpoint: "b"}
		require.JSONEq(t, ok, put(operator, `[1]`))
		requireLocked(t, false, s, "b")
		require.JSONEq(t, ok, put(operator, `[2]`))
		requireLocked(t, false, s, "b")
		requireAnswer(t, 200, ok, ask(t, operator, "delete-endpoint", b))
		requireAnswer(t, 404, `{"error":"'b' not found"}`, ask(t, operator, "delete-endpoint", b))
		require.JSONEq(t, ok, put(s, `[]`), "nothing is left that holds it")
		requireAnswer(t, 200, ok, ask(t, s, "lock", b))
		require.JSONEq(t, `{"error":"'b' is locked"}`, put(operator, `[3]`))
		requireAnswer(t, 409, `{"error":"'b' is locked"}`, ask(t, operator, "delete-endpoint", b))
		requireLocked(t, true, s, "b")
	})
}

// An operator's hold is no caller's lock: nobody frees it or reads under it.
func TestAnOperatorAtWorkIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	require.NoError(t, s.PutEndpoint(t.Context(), "a", []int64{1}))
	asked := false
	requireAnswer(t, 200, ok, on(t, over(s, doing("PutItem", 1, func() {
		asked = true
		requireLocked(t, true, s, "a") // as POST lock would be refused
		requireAnswer(t, 403, alreadyLocked, on(t, s, "lock"))
		requireAnswer(t, 403, `{"error":"'a' is locked by a lease"}`, on(t, s, "unlock"))
		requireAnswer(t, 403, `{"error":"'a' must be locked to access its state"}`, on(t, s, "resource"))
		requireAnswer(t, 409, `{"error":"'a' is locked"}`, on(t, s, "put-endpoint"))
		requireAnswer(t, 409, `{"error":"'a' is locked"}`, on(t, s, "delete-endpoint"))
		requireLocked(t, true, s, "a")
	}, faults.None)), "put-endpoint"))
	require.True(t, asked)
	requireLocked(t, false, s, "a")
}

func TestNamesThatDynamoDBCanNotHoldAreNotFound(t *testing.T) {
	t.Parallel()
	for name, endpoint := range map[string]string{
		"none": "", "too long for a key": strings.Repeat("x", 1025), "no UTF-8": "\xff",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			require.NoError(t, s.PutEndpoint(t.Context(), "\ufffd", []int64{1})) // what the SDK makes of the last
			for _, operation := range []string{"lock", "unlock", "resource", "delete-endpoint"} {
				got := ask(t, s, operation, request{endpoint: endpoint, id: "1"})
				require.Equal(t, 404, got.Status, "%s: %s", operation, got.Body)
			}
			requireLocked(t, false, s, "\ufffd")
			all, err := s.Endpoints(t.Context())
			require.NoError(t, err)
			require.Len(t, all, 1)
		})
	}
}
