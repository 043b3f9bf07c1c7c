package storetest

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
)

// states is what a store says of the states of resources, and of fencing tokens.
var states = map[string]test{
	"a resource has its initial state":                       initialState,
	"what was written is read":                               writtenState,
	"any text is a state":                                    anyState,
	"a higher token that wrote shuts out a lower one":        shutOutByWriter,
	"a higher token that read shuts out a lower one":         shutOutByReader,
	"the same token reads and writes as often as it will":    sameToken,
	"several are written, or none":                           allOrNone,
	"of writers at once the highest token has the last word": writersAtOnce,
}

func requireState(t *testing.T, s locks.Store, want string, id int64) {
	t.Helper()
	got, err := s.State(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func mustWrite(t *testing.T, s locks.Store, token int64, states map[int64]string) {
	t.Helper()
	require.NoError(t, s.WriteStates(t.Context(), token, states))
}

// mustRead reads with a token.
func mustRead(t *testing.T, s locks.Store, token, id int64) string {
	t.Helper()
	state, err := s.ReadState(t.Context(), id, token)
	require.NoError(t, err)
	return state
}

// requireOutdated requires that the token is shut out of the resource, for reading
// and for writing.
func requireOutdated(t *testing.T, s locks.Store, token, id int64) {
	t.Helper()
	_, err := s.ReadState(t.Context(), id, token)
	require.ErrorIs(t, err, locks.ErrOutdated)
	require.ErrorIs(t, s.WriteStates(t.Context(), token, map[int64]string{id: "outdated"}), locks.ErrOutdated)
}

func initialState(t *testing.T, r *registry) {
	requireState(t, r.Store, locks.InitialState, 7)
	require.Equal(t, locks.InitialState, mustRead(t, r.Store, 5, 7), "under a lease too")
	requireState(t, r.Store, locks.InitialState, 7)
}

func writtenState(t *testing.T, r *registry) {
	mustWrite(t, r.Store, 5, map[int64]string{0: "zero", locks.MaxResource: "last"})
	requireState(t, r.Store, "zero", 0)
	require.Equal(t, "last", mustRead(t, r.Store, 5, locks.MaxResource))
	requireState(t, r.Store, locks.InitialState, 1)
}

func anyState(t *testing.T, r *registry) {
	all := map[int64]string{0: "", 1: "initial", 2: strings.Repeat("x", locks.MaxStateBytes), 3: "\x00", 4: "é😀", 5: `"`, 6: " "}
	for id := int64(len(all)); id < locks.MaxWritten; id++ {
		all[id] = strconv.FormatInt(id, 10)
	}
	mustWrite(t, r.Store, 5, all)
	for id, state := range all {
		requireState(t, r.Store, state, id)
	}
}

func shutOutByWriter(t *testing.T, r *registry) {
	mustWrite(t, r.Store, 5, map[int64]string{1: "by 5"})
	mustWrite(t, r.Store, 6, map[int64]string{1: "by 6"})
	requireOutdated(t, r.Store, 5, 1)
	_, err := r.Store.ReadState(t.Context(), 1, 5)
	require.NotErrorIs(t, err, locks.ErrPassed, "it was written since")
	requireState(t, r.Store, "by 6", 1)
	require.Equal(t, locks.InitialState, mustRead(t, r.Store, 5, 2), "at another resource nobody has been")
}

// The reader has seen what stands there: nothing older may change it any more.
func shutOutByReader(t *testing.T, r *registry) {
	mustWrite(t, r.Store, 5, map[int64]string{1: "by 5"})
	require.Equal(t, "by 5", mustRead(t, r.Store, 6, 1))
	requireOutdated(t, r.Store, 5, 1)
	require.Equal(t, locks.InitialState, mustRead(t, r.Store, 6, 2), "one that nobody ever wrote")
	requireOutdated(t, r.Store, 5, 2)
	for id, state := range map[int64]string{1: "by 5", 2: locks.InitialState} {
		requireState(t, r.Store, state, id)
		passed, err := r.Store.ReadState(t.Context(), id, 5)
		require.ErrorIs(t, err, locks.ErrPassed, "nothing was written since")
		require.Equal(t, state, passed)
	}
	mustWrite(t, r.Store, 7, map[int64]string{1: "by 7"})
	requireOutdated(t, r.Store, 6, 1)
	mustRead(t, r.Store, 8, 1)
	_, err := r.Store.ReadState(t.Context(), 1, 6)
	require.NotErrorIs(t, err, locks.ErrPassed, "it was written since, and then read")
}

func sameToken(t *testing.T, r *registry) {
	for _, state := range []string{"one", "two", "two", "one"} {
		mustWrite(t, r.Store, 5, map[int64]string{1: state})
		require.Equal(t, state, mustRead(t, r.Store, 5, 1))
		require.Equal(t, state, mustRead(t, r.Store, 5, 1))
	}
}

func allOrNone(t *testing.T, r *registry) {
	mustWrite(t, r.Store, 5, map[int64]string{1: "a", 2: "a", 3: "a"})
	mustRead(t, r.Store, 6, 2)
	require.ErrorIs(t, r.Store.WriteStates(t.Context(), 5, map[int64]string{1: "b", 2: "b", 3: "b", 4: "b"}), locks.ErrOutdated)
	for id := int64(1); id <= 3; id++ {
		requireState(t, r.Store, "a", id)
	}
	requireState(t, r.Store, locks.InitialState, 4)
	mustWrite(t, r.Store, 5, map[int64]string{1: "c", 3: "c", 4: "c"}) // what was refused leaves no trace
}

// writersAtOnce has four writers of the same resources, each with its own token.
func writersAtOnce(t *testing.T, r *registry) {
	const writers = 4
	ids := []int64{1, 2, 3}
	write := func(token int64) error {
		states := map[int64]string{}
		for _, id := range ids {
			states[id] = strconv.FormatInt(token, 10)
		}
		return r.Store.WriteStates(t.Context(), token, states)
	}
	var wrote [writers + 1]bool
	var wg sync.WaitGroup
	for token := int64(1); token <= writers; token++ {
		wg.Go(func() {
			err := write(token)
			wrote[token] = err == nil
			if !wrote[token] {
				require.ErrorIs(t, err, locks.ErrOutdated)
			}
		})
	}
	wg.Wait()
	require.True(t, wrote[writers], "nobody shuts out the highest")
	for _, id := range ids {
		requireState(t, r.Store, strconv.Itoa(writers), id)
	}
	for token := int64(1); token < writers; token++ {
		require.ErrorIs(t, write(token), locks.ErrOutdated)
	}
}

// ids is what a store says of the ids of leases.
var ids = map[string]test{
	"an id is used once, of one token":    oneToken,
	"an id that is given up is used":      givenUpID,
	"of many tokens at once one uses it":  tokensAtOnce,
	"every id for itself, whatever it is": everyID,
}

func oneToken(t *testing.T, r *registry) {
	for range 3 { // to repeat it does no harm
		require.NoError(t, r.Store.UseID(t.Context(), "x", 5))
	}
	for _, token := range []int64{0, 4, 6} {
		require.ErrorIs(t, r.Store.UseID(t.Context(), "x", token), locks.ErrIDUsed)
	}
	require.NoError(t, r.Store.UseID(t.Context(), "x", 5))
}

func givenUpID(t *testing.T, r *registry) {
	require.NoError(t, r.Store.UseID(t.Context(), "x", 0))
	require.ErrorIs(t, r.Store.UseID(t.Context(), "x", 5), locks.ErrIDUsed)
	require.NoError(t, r.Store.UseID(t.Context(), "x", 0))
}

func everyID(t *testing.T, r *registry) {
	for i, id := range append([]string{"x", "X", "x/y"}, oddNames...) {
		require.NoError(t, r.Store.UseID(t.Context(), id, int64(i+1)), "%q", id)
	}
}

func tokensAtOnce(t *testing.T, r *registry) {
	var mu sync.Mutex
	var won []int64
	var wg sync.WaitGroup
	for token := range int64(8) {
		wg.Go(func() {
			switch err := r.Store.UseID(t.Context(), "x", token); {
			case err == nil:
				mu.Lock()
				defer mu.Unlock()
				won = append(won, token)
			case !errors.Is(err, locks.ErrIDUsed):
				t.Errorf("neither used nor used before: %v", err)
			}
		})
	}
	wg.Wait()
	require.Len(t, won, 1)
	require.NoError(t, r.Store.UseID(t.Context(), "x", won[0]))
}
