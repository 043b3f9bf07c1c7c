package toystore_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/wasmclient/remote"
	"lockstep/wasmclient/toystore"
)

// script is a client whose calls fail with one error after the other; those after the
// last are answered.
type script struct {
	toystore.Client
	fails []error
	calls int
	keys  []string
}

func (s *script) next() error {
	s.calls++
	if s.calls <= len(s.fails) {
		return s.fails[s.calls-1]
	}
	return nil
}

func (s *script) Query(_ context.Context, name string) (toystore.Toy, error) {
	return toystore.Toy{Name: name, Price: 1, Stock: 1}, s.next()
}

func (s *script) Buy(_ context.Context, p toystore.Purchase) (toystore.Sale, error) {
	s.keys = append(s.keys, p.Key)
	return toystore.Sale{Stock: 1}, s.next()
}

var (
	lost  = &toystore.Error{Message: "lost", Passing: true, InDoubt: true}
	busy  = &toystore.Error{Message: "busy", Passing: true}
	wrong = &toystore.Error{Message: "wrong"}
)

func repeated(err error, n int) []error {
	all := make([]error, n)
	for i := range all {
		all[i] = err
	}
	return all
}

func TestWhatFailedInPassingIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{fails: []error{busy, lost, busy}}
		toy, err := toystore.Patient{Client: s}.Query(t.Context(), "Tux")
		require.NoError(t, err)
		require.Equal(t, "Tux", toy.Name)
		require.Equal(t, 4, s.calls)

		s = &script{fails: []error{lost, busy}}
		_, err = toystore.Patient{Client: s}.Buy(t.Context(), toystore.Purchase{Toy: "Tux", Quantity: 1, Key: "k"})
		require.NoError(t, err)
		require.Equal(t, []string{"k", "k", "k"}, s.keys, "the same key each time")
	})
}

func TestAPurchaseWithoutAKeyIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := &script{fails: []error{lost}}
	_, err := toystore.Patient{Client: s}.Buy(t.Context(), toystore.Purchase{Toy: "Tux", Quantity: 1})
	require.ErrorIs(t, err, lost)
	require.Equal(t, 1, s.calls)
}

func TestAnAnswerIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, answer := range []error{wrong, toystore.ErrNoSuchToy} {
		s := &script{fails: []error{answer}}
		_, err := toystore.Patient{Client: s}.Query(t.Context(), "Tux")
		require.EqualError(t, err, answer.Error())
		require.Equal(t, 1, s.calls)
	}
}

func TestItGivesUpInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		s := &script{fails: append([]error{lost}, repeated(busy, 1e6)...)}
		_, err := toystore.Patient{Client: s}.Buy(ctx, toystore.Purchase{Toy: "Tux", Quantity: 1, Key: "k"})
		failed := new(toystore.Error)
		require.ErrorAs(t, err, &failed)
		require.Contains(t, failed.Message, "busy (tried ")
		require.True(t, failed.InDoubt, "the first may have had its effect")
		require.NoError(t, ctx.Err(), "it does not wait for what can't come in time")
		require.Greater(t, time.Since(begin), time.Minute-remote.LongestWait)
		require.Greater(t, s.calls, 10)
		require.False(t, busy.InDoubt, "the errors of others are not written to")
	})
}

func TestWaitsGrowAndHaveABound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{fails: repeated(busy, 3)}
		_, err := toystore.Patient{Client: s}.Query(t.Context(), "Tux")
		require.NoError(t, err)
		require.Less(t, time.Since(begin), 7*remote.FirstWait, "1 + 2 + 4 at most")

		begin = time.Now()
		s = &script{fails: repeated(busy, 1000)}
		_, err = toystore.Patient{Client: s}.Query(t.Context(), "Tux")
		require.NoError(t, err)
		require.InDelta(t, 1000*remote.LongestWait.Seconds()/2, time.Since(begin).Seconds(), 300, "half the bound, on average: 6 standard deviations")
	})
}

func TestItComesBackWhenTheServerSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &script{fails: []error{&toystore.Error{Passing: true, After: time.Minute}}}
		_, err := toystore.Patient{Client: s}.Query(t.Context(), "Tux")
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(begin), time.Minute)
		require.Less(t, time.Since(begin), time.Minute+remote.FirstWait)
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begin := time.Now()
		s := &script{fails: []error{&toystore.Error{Message: "later", Passing: true, After: time.Hour}}}
		_, err := toystore.Patient{Client: s}.Query(ctx, "Tux")
		require.EqualError(t, err, "later")
		require.Equal(t, time.Second, time.Since(begin))
	})
}

func TestLost(t *testing.T) {
	t.Parallel()
	interrupted, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("not answered within 1s"))
	err := remote.Lost(interrupted, "here", errors.New("i/o timeout"))
	require.EqualError(t, err, "here: not answered within 1s")
	require.True(t, err.InDoubt)
	require.False(t, err.Passing)

	err = remote.Lost(t.Context(), "here", errors.New("EOF"))
	require.EqualError(t, err, "here: the answer is lost: EOF")
	require.True(t, err.InDoubt && err.Passing)
}
