package locks_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
)

// at is when the writes of these tests are made, and told is it in an event.
var at = time.Date(2026, time.November, 20, 12, 0, 0, 123_456_789, time.UTC)

const told = "2026-11-20T12:00:00.123Z"

func entry(id string, keys ...string) lease.Entry {
	return lease.Entry{ID: id, Keys: keys, Owner: "owner of " + id, TTL: time.Minute, Expires: at.Add(time.Minute)}
}

func lockOf(key string) lease.Entry {
	return lease.Entry{ID: "lock-" + lease.PublicID(key), Keys: []string{key}, Nonce: "x"}
}

// after makes changes in one write.
func after(v lease.View, changes ...lease.Change) lease.View {
	return v.Apply(lease.Batch{Now: at, Changes: changes})
}

func added(e lease.Entry) lease.Change { return lease.Change{Kind: lease.Add, Entry: e} }

// removed is the end of the view's n-th entry.
func removed(v lease.View, n int, how string) lease.Change {
	return lease.Change{Kind: lease.Remove, Entry: v.Entries[n], Reason: how}
}

// tell is an event of the view's n-th entry.
func tell(event string, v lease.View, n int) locks.Event {
	e := v.Entries[n]
	return locks.Event{At: told, Event: event, Endpoints: e.Keys, ID: e.ID, Owner: e.Owner, Token: e.Ticket}
}

// tellLock is an event of a lock, which has neither an id nor an owner.
func tellLock(event string, v lease.View, n int) locks.Event {
	return locks.Event{At: told, Event: event, Endpoints: v.Entries[n].Keys, Token: v.Entries[n].Ticket}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	none := lease.View{}
	one := after(none, added(entry("one", "a")))
	two := after(one, added(entry("two", "a", "b")))
	three := after(two, added(entry("three", "b")))
	locked := after(none, added(lockOf("a")))
	behind := after(locked, added(entry("one", "a")))
	relocked := after(after(locked, removed(locked, 0, lease.EndedUnlocked+"x")), added(lockOf("a")))
	another := after(after(one, removed(one, 0, "")), added(entry("one", "a")))
	confirmed := after(one, lease.Change{Kind: lease.Set, Entry: one.Entries[0], Expires: at.Add(time.Hour), Confirm: true})
	swapped := after(two, removed(two, 0, lease.EndedEvicted), added(entry("three", "b")), added(lockOf("c")))
	for name, c := range map[string]struct {
		before, after lease.View
		want          []locks.Event
	}{
		"nothing":       {three, three, nil},
		"a lock":        {none, locked, []locks.Event{tellLock(locks.EventLock, locked, 0)}},
		"an unlock":     {locked, after(locked, removed(locked, 0, lease.EndedUnlocked+"x")), []locks.Event{tellLock(locks.EventUnlock, locked, 0)}},
		"a lock's end":  {locked, after(locked, removed(locked, 0, lease.EndedEvicted)), []locks.Event{tellLock(locks.EventEviction, locked, 0)}},
		"another lock":  {locked, relocked, []locks.Event{tellLock(locks.EventUnlock, locked, 0), tellLock(locks.EventLock, relocked, 0)}},
		"a grant":       {none, one, []locks.Event{tell(locks.EventGrant, one, 0)}},
		"a release":     {one, after(one, removed(one, 0, "")), []locks.Event{tell(locks.EventRelease, one, 0)}},
		"an eviction":   {one, after(one, removed(one, 0, lease.EndedEvicted)), []locks.Event{tell(locks.EventEviction, one, 0)}},
		"a break":       {one, after(one, removed(one, 0, lease.EndedBroken)), []locks.Event{tell(locks.EventBreak, one, 0)}},
		"a wait":        {one, two, []locks.Event{tell(locks.EventWait, two, 1)}},
		"behind a lock": {locked, behind, []locks.Event{tell(locks.EventWait, behind, 1)}},
		"an unlock for who waits": {behind, after(behind, removed(behind, 0, lease.EndedUnlocked+"x")),
			[]locks.Event{tellLock(locks.EventUnlock, behind, 0), tell(locks.EventGrant, behind, 1)}},
		"a release for who waits":    {three, after(three, removed(three, 0, "")), []locks.Event{tell(locks.EventRelease, three, 0), tell(locks.EventGrant, three, 1)}},
		"the end of one that waited": {three, after(three, removed(three, 1, lease.EndedBroken)), []locks.Event{tell(locks.EventBreak, three, 1), tell(locks.EventGrant, three, 2)}},
		"the end of all but the last": {three, after(three, removed(three, 0, ""), removed(three, 1, "")),
			[]locks.Event{tell(locks.EventRelease, three, 0), tell(locks.EventRelease, three, 1), tell(locks.EventGrant, three, 2)}},
		"a renewal, a confirmation":   {one, confirmed, nil},
		"a confirmed one, beside one": {confirmed, after(confirmed, added(lockOf("b"))), []locks.Event{tellLock(locks.EventLock, after(confirmed, added(lockOf("b"))), 1)}},
		"the same id again":           {one, another, []locks.Event{tell(locks.EventRelease, one, 0), tell(locks.EventGrant, another, 0)}},
		"a tomb":                      {one, after(one, lease.Change{Kind: lease.Bury, Entry: lease.Entry{ID: "x"}}), nil},
		"a lock beside":               {one, after(one, added(lockOf("c"))), []locks.Event{tellLock(locks.EventLock, after(one, added(lockOf("c"))), 1)}},
		"ends first, in the order of tickets": {two, swapped,
			[]locks.Event{tell(locks.EventEviction, two, 0), tell(locks.EventGrant, swapped, 0), tell(locks.EventWait, swapped, 1), tellLock(locks.EventLock, swapped, 2)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, locks.Differences(c.before, c.after))
		})
	}
}
