package syncquery_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

// bench is a machine on a bench: it does what the machine wants by hand, one call after
// the other, on a clock that only the test moves.
type bench struct {
	t       *testing.T
	machine *syncquery.Machine
	now     time.Duration
	open    map[int]syncquery.Command // calls that have not returned
	answers map[int]syncquery.Command
	wake    time.Duration
	left    []string
	closed  bool
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{
		t: t, machine: syncquery.NewMachine(syncquery.Group, syncquery.Options{}, 1),
		open: map[int]syncquery.Command{}, answers: map[int]syncquery.Command{}, wake: -1,
	}
}

// take takes in what the machine wants now.
func (b *bench) take() {
	commands, wake := b.machine.Next()
	b.wake = wake
	for _, c := range commands {
		switch c.Kind {
		case syncquery.Call:
			b.open[c.Call] = c
		case syncquery.Answer:
			b.answers[c.Query] = c
		case syncquery.Closed:
			b.closed, b.left = true, c.Left
		}
	}
}

func (b *bench) ask(query int, ids ...int64) {
	b.machine.Ask(b.now, query, ids)
	b.take()
}

// wants lists the endpoints of the open calls of a kind; "" for a call of none.
func (b *bench) wants(does syncquery.CallKind) (endpoints []string) {
	for _, c := range b.open {
		if c.Does == does {
			endpoints = append(endpoints, c.Endpoint)
		}
	}
	return endpoints
}

// back ends the open call of that kind at that endpoint.
func (b *bench) back(does syncquery.CallKind, endpoint string, result syncquery.Result) {
	b.t.Helper()
	for call, c := range b.open {
		if c.Does == does && c.Endpoint == endpoint {
			delete(b.open, call)
			b.machine.Returned(b.now, call, result)
			b.take()
			return
		}
	}
	require.Fail(b.t, "there is no such call", "%v of %q", does, endpoint)
}

// untilWoken lets the time pass until the machine wants to be woken.
func (b *bench) untilWoken() {
	b.t.Helper()
	require.GreaterOrEqual(b.t, b.wake, b.now, "it waits for nothing")
	b.now = b.wake
	b.machine.Wake(b.now)
	b.take()
}

// seen answers the first questions of a group: that the server is an old one, and what
// its registry is.
func (b *bench) seen(registry syncquery.Registry) {
	b.t.Helper()
	if len(b.wants(syncquery.CallAsk)) > 0 {
		b.back(syncquery.CallAsk, "", syncquery.Result{})
	}
	b.back(syncquery.CallRegistry, "", syncquery.Result{Registry: registry})
}

var (
	granted = syncquery.Result{}
	refused = syncquery.Result{Err: syncquery.ErrAlreadyLocked}
)

// line is a registry in which every resource has one home; x is the rarest, as it is the
// only home of two.
func line(locked ...string) syncquery.Registry {
	registry := syncquery.Registry{{Name: "z", Resources: []int64{3}}, {Name: "x", Resources: []int64{1, 4}}, {Name: "y", Resources: []int64{2}}}
	for i := range registry {
		for _, name := range locked {
			registry[i].Locked = registry[i].Locked || registry[i].Name == name
		}
	}
	return registry
}

// Nobody reads before everything is locked, and nothing is freed before all is read.
func TestAMachineGoesStepByStep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask(1, 1, 2)
	b.seen(line())
	require.ElementsMatch(t, []string{"x", "y"}, b.wants(syncquery.CallLock))
	b.back(syncquery.CallLock, "y", granted)
	require.Empty(t, b.wants(syncquery.CallRead))
	b.back(syncquery.CallLock, "x", granted)
	require.ElementsMatch(t, []string{"x", "y"}, b.wants(syncquery.CallRead))
	b.back(syncquery.CallRead, "x", syncquery.Result{State: "one"})
	require.Empty(t, b.wants(syncquery.CallUnlock))
	b.back(syncquery.CallRead, "y", syncquery.Result{State: "two"})
	require.ElementsMatch(t, []string{"x", "y"}, b.wants(syncquery.CallUnlock))
	b.back(syncquery.CallUnlock, "x", granted)
	require.Empty(t, b.answers, "a lock that somebody else freed would make the reading none")
	b.back(syncquery.CallUnlock, "y", granted)
	require.Equal(t, map[int64]string{1: "one", 2: "two"}, b.answers[1].States)
}

// The rarest endpoint is the turnstile: who must wait tries it first and alone, holding
// nothing, and only behind it all the rest.
func TestTheTurnstile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask(1, 1, 2, 3)
	b.seen(line("x", "z"))
	for range 5 {
		require.Equal(t, []string{"x"}, b.wants(syncquery.CallLock))
		b.back(syncquery.CallLock, "x", refused)
		require.Empty(t, b.open)
		b.untilWoken()
	}
	b.back(syncquery.CallLock, "x", granted)
	require.Equal(t, []string{"y"}, b.wants(syncquery.CallLock), "z is thought to be locked: y and z are waited for in order")
}

// Who waits holds only what comes before it in the order: what comes after is freed first.
func TestWhatComesAfterIsFreedBeforeTheWait(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask(1, 1, 2, 3)
	b.seen(line("x"))
	b.back(syncquery.CallLock, "x", granted)
	require.ElementsMatch(t, []string{"y", "z"}, b.wants(syncquery.CallLock), "behind the turnstile all the rest at once")
	b.back(syncquery.CallLock, "z", granted)
	b.back(syncquery.CallLock, "y", refused)
	require.Equal(t, []string{"z"}, b.wants(syncquery.CallUnlock), "y comes before z")
	require.Empty(t, b.wants(syncquery.CallLock))
	b.back(syncquery.CallUnlock, "z", granted)
	require.Equal(t, []string{"y"}, b.wants(syncquery.CallLock))
}

// What is held while something else is waited for is held for a while only.
func TestNothingIsHeldForLong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask(1, 1, 2)
	b.seen(line("x"))
	b.back(syncquery.CallLock, "x", granted)
	begin := b.now
	for len(b.wants(syncquery.CallUnlock)) == 0 {
		b.back(syncquery.CallLock, "y", refused)
		if len(b.open) == 0 {
			b.untilWoken()
		}
		require.Less(t, b.now-begin, time.Second)
	}
	require.Equal(t, []string{"x"}, b.wants(syncquery.CallUnlock))
}

// What was freed is left alone for a moment when others are about, and only then.
func TestTheCourtesyPause(t *testing.T) {
	t.Parallel()
	for _, others := range []bool{false, true} {
		b := newBench(t)
		b.ask(1, 1)
		registry := line()
		if others {
			registry = line("z")
		}
		b.seen(registry)
		b.back(syncquery.CallLock, "x", granted)
		b.back(syncquery.CallRead, "x", syncquery.Result{State: "one"})
		b.back(syncquery.CallUnlock, "x", granted)
		freed := b.now
		b.ask(2, 1)
		if others {
			require.Empty(t, b.open)
			b.untilWoken()
			require.Equal(t, 40*time.Millisecond, b.now-freed)
		}
		require.Equal(t, []string{""}, b.wants(syncquery.CallRegistry))
	}
}

// A query that is given up frees what was locked for it, and Close waits for that.
func TestGivenUpWhileLocking(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask(1, 1, 2)
	b.seen(line())
	require.NoError(t, b.machine.GiveUp(b.now, 1), "nothing stood in its way")
	b.machine.Close(b.now)
	b.take()
	b.back(syncquery.CallLock, "x", granted)
	b.back(syncquery.CallLock, "y", syncquery.Result{Err: syncquery.ErrAnswerLost})
	require.Equal(t, []string{"x"}, b.wants(syncquery.CallUnlock), "only what we know to be ours")
	require.False(t, b.closed)
	b.back(syncquery.CallUnlock, "x", granted)
	b.seen(line("y")) // is what is in doubt perhaps free?
	require.True(t, b.closed)
	require.Equal(t, []string{"y"}, b.left)
	require.Empty(t, b.answers, "who gave up gets no answer")
}
