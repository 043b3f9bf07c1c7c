package dynamo_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/failure"
)

const transaction = "TransactWriteItems"

func states(state string) map[int64]string { return map[int64]string{1: state, 2: state} }

func mustWrite(t *testing.T, s *dynamo.Store, token int64, state string) {
	t.Helper()
	require.NoError(t, s.WriteStates(t.Context(), token, states(state)))
}

func requireStates(t *testing.T, s *dynamo.Store, want string) {
	t.Helper()
	for id := range states("") {
		got, err := s.State(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// firstAttempts is the fault at the first n attempts at the call.
func firstAttempts(n int, call string, fault faults.Fault) faults.Plan {
	return func(a faults.Attempt) faults.Fault {
		if a.Call == call && a.N <= n {
			return fault
		}
		return faults.None
	}
}

func TestWriteWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		mustWrite(t, over(s, faults.Nth(transaction, 1, way)), 5, "one")
		requireStates(t, s, "one")
		mustWrite(t, over(s, firstAttempts(5, transaction, way)), 5, "two")
		requireStates(t, s, "two")
	})
}

// The same holder writes again while the first write is not answered yet: that must
// not come back.
func TestWriteWhoseAnswerWasLostLeavesTheNextOneAlone(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		next := doing(transaction, 2, func() { mustWrite(t, s, 5, "two") }, faults.None)
		mustWrite(t, over(s, both(faults.Nth(transaction, 1, way), next)), 5, "one")
		requireStates(t, s, "two")
	})
}

func TestWriteWhoseRefusalWasLost(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		overtaken := doing(transaction, 1, func() { mustWrite(t, s, 6, "by 6") }, way)
		require.ErrorIs(t, over(s, overtaken).WriteStates(t.Context(), 5, states("by 5")), locks.ErrOutdated)
		requireStates(t, s, "by 6")
	})
}

// Overtaken by a reader between reading and writing: nothing is written.
func TestWriteOvertakenByAReader(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	overtaken := doing(transaction, 1, func() {
		_, err := s.ReadState(t.Context(), 2, 6)
		require.NoError(t, err)
	}, faults.None)
	require.ErrorIs(t, over(s, overtaken).WriteStates(t.Context(), 5, states("by 5")), locks.ErrOutdated)
	requireStates(t, s, locks.InitialState)
}

// Overtaken by an older holder, or by itself: it writes on top of that.
func TestWriteOvertakenByAWriter(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]int64{"with the same token": 5, "with a lower one": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			mustWrite(t, over(s, doing(transaction, 1, func() { mustWrite(t, s, token, "before") }, faults.None)), 5, "after")
			requireStates(t, s, "after")
		})
	}
}

func TestALateWriteDoesNotUndoTheNextOne(t *testing.T) {
	t.Parallel()
	t.Run("its second attempt was answered", func(t *testing.T) {
		t.Parallel()
		s, late := newStore(t), &faults.Late{}
		mustWrite(t, over(s, held(late, transaction)), 5, "one")
		mustWrite(t, s, 5, "two")
		require.Len(t, late.Release(), 1)
		requireStates(t, s, "two")
	})
	t.Run("it was given up", func(t *testing.T) {
		t.Parallel()
		s, late := newStore(t), &faults.Late{}
		given := both(held(late, transaction), faults.Every(transaction, 1, faults.Unsent))
		err := over(s, given).WriteStates(t.Context(), 5, states("one"))
		require.Equal(t, failure.Upstream, failure.Of(err).Code, "%v", err)
		requireStates(t, s, locks.InitialState)
		mustWrite(t, s, 5, "two")
		outcomes := late.Release()
		require.Len(t, outcomes, 1)
		var cancelled *types.TransactionCanceledException
		require.ErrorAs(t, outcomes[0], &cancelled)
		requireStates(t, s, "two")
	})
	t.Run("somebody else has come", func(t *testing.T) {
		t.Parallel()
		s, late := newStore(t), &faults.Late{}
		given := both(held(late, transaction), faults.Every(transaction, 1, faults.Unsent))
		require.Error(t, over(s, given).WriteStates(t.Context(), 5, states("one")))
		for id := range states("") {
			_, err := s.ReadState(t.Context(), id, 6)
			require.NoError(t, err)
		}
		require.Error(t, late.Release()[0])
		requireStates(t, s, locks.InitialState)
	})
}

func TestConflictsAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	mustWrite(t, over(s, firstAttempts(4, transaction, faults.Conflict)), 5, "one")
	requireStates(t, s, "one")
	state, err := over(s, firstAttempts(4, "UpdateItem", faults.Conflict)).ReadState(t.Context(), 1, 6)
	require.NoError(t, err)
	require.Equal(t, "one", state)
	err = over(s, faults.Every(transaction, 1, faults.Conflict)).WriteStates(t.Context(), 6, states("two"))
	require.NotEqual(t, failure.Internal, failure.Of(err).Code, "%v", err)
	requireStates(t, s, "one")
}

func TestReadWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, s *dynamo.Store, way faults.Fault) {
		mustWrite(t, s, 5, "one")
		state, err := over(s, firstAttempts(5, "UpdateItem", way)).ReadState(t.Context(), 1, 6)
		require.NoError(t, err)
		require.Equal(t, "one", state)
		require.ErrorIs(t, s.WriteStates(t.Context(), 5, states("two")), locks.ErrOutdated, "its token is there")
		_, err = over(s, faults.Nth("UpdateItem", 1, way)).ReadState(t.Context(), 1, 5)
		require.ErrorIs(t, err, locks.ErrOutdated, "a refusal that was lost is still one")
	})
}

func TestALateReadDoesNotLowerTheToken(t *testing.T) {
	t.Parallel()
	s, late := newStore(t), &faults.Late{}
	_, err := over(s, held(late, "UpdateItem")).ReadState(t.Context(), 1, 5)
	require.NoError(t, err)
	_, err = s.ReadState(t.Context(), 1, 6)
	require.NoError(t, err)
	requireRefused(t, late)
	_, err = s.ReadState(t.Context(), 1, 5)
	require.ErrorIs(t, err, locks.ErrOutdated)
}

func TestWriteWhoseReadFailedFirst(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	mustWrite(t, over(s, firstAttempts(2, "BatchGetItem", faults.Throttled)), 5, "one")
	mustWrite(t, over(s, firstAttempts(2, "BatchGetItem", faults.BrokenOff)), 5, "two")
	requireStates(t, s, "two")
}
