package lease

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// View is a namespace as it was at one moment. It is never changed, so it can be
// shared.
type View struct {
	Version int64                // counts writes; of two views the one with more is the later
	Counter int64                // the last ticket that was given out
	Weight  int64                // see MaxWeight
	Written time.Time            // when the last write was made, by its client's clock
	Entries []Entry              // by ticket
	Tombs   map[string]time.Time // ids that may never stand again, and since when
	Ended   map[int64]string     // how the last entries that were evicted, broken or unlocked ended, by ticket
}

// How an entry ends that is not simply released. An unlocked lock ends with its
// remover's nonce behind EndedUnlocked.
const (
	EndedEvicted  = "evicted"
	EndedBroken   = "broken"
	EndedUnlocked = "unlocked "
)

// Find returns the entry of that id.
func (v View) Find(id string) (Entry, bool) {
	for _, e := range v.Entries {
		if e.ID == id {
			return e, true
		}
	}
	return Entry{}, false
}

// Ahead returns who stands before the entry on one of its keys, by ticket. Of an
// entry that has no ticket yet that is everybody who wants one of them.
func (v View) Ahead(e Entry) []Entry {
	var all []Entry
	for _, other := range v.Entries {
		if e.Ticket != 0 && other.Ticket >= e.Ticket {
			break
		}
		if !other.is(e) && other.shares(e) {
			all = append(all, other)
		}
	}
	return all
}

// Granted says whether nobody stands before the entry on any of its keys. Once
// that is so it stays so while the entry stands: tickets only grow.
func (v View) Granted(e Entry) bool {
	for _, other := range v.Entries {
		if other.Ticket >= e.Ticket {
			return true
		}
		if other.shares(e) {
			return false
		}
	}
	return true
}

// expired returns the entries that may be evicted at that time.
func (v View) expired(now time.Time) []Entry {
	return slices.DeleteFunc(slices.Clone(v.Entries), func(e Entry) bool { return !e.Expired(now) })
}

// Batch is changes that are made in one step, or not at all.
type Batch struct {
	Now     time.Time // by the writer's clock
	Steady  bool      // only if Counter is still the last ticket: nobody has come since
	Counter int64
	Changes []Change
	// Keep is what View.Ended says of those that were broken, as far as the writer knows:
	// a batch that ends entries would forget it.
	Keep map[int64]string
}

// Change is one change of an entry or a tomb, with its condition.
type Change struct {
	Kind    Kind
	Entry   Entry     // Add: without its ticket; else the entry that is changed: ID, Ticket, Weight
	Expires time.Time // Set: the new one
	Confirm bool      // Set: the entry's grant was seen
	Seen    time.Time // Set, Remove: if not zero, the expiry that must stand there
	Reason  string    // Remove: how it ended, if not by release
}

// Kind is what a change does.
type Kind int

// The kinds of changes.
const (
	Add    Kind = iota // puts an entry in line, unless it stands there already or has a tomb
	Set                // sets an entry's expiry: to a later one, or in place of Seen
	Remove             // removes an entry
	Bury               // makes a tomb, unless there is one
	Forget             // removes a tomb
)

// Holds says whether a change's condition holds. All of a batch must hold at once,
// each in the view before it.
func (v View) Holds(c Change) bool {
	e, stands := v.Find(c.Entry.ID)
	_, buried := v.Tombs[c.Entry.ID]
	same := stands && e.Ticket == c.Entry.Ticket
	switch c.Kind {
	case Add:
		return !stands && !buried
	case Set:
		if c.Seen.IsZero() {
			return same && !e.Expires.IsZero() && e.Expires.Before(c.Expires)
		}
		return same && e.Expires.Equal(c.Seen)
	case Remove:
		return same && (c.Seen.IsZero() || e.Expires.Equal(c.Seen))
	case Bury:
		return !buried
	default:
		return buried
	}
}

// AddedWeight is what the batch's new entries weigh.
func (b Batch) AddedWeight() (sum int64) {
	for _, c := range b.Changes {
		if c.Kind == Add {
			sum += c.Entry.Weight
		}
	}
	return sum
}

// WeightChange is by how much the batch changes a namespace's weight.
func (b Batch) WeightChange() (sum int64) {
	for _, c := range b.Changes {
		switch c.Kind {
		case Add:
			sum += c.Entry.Weight
		case Remove:
			sum -= c.Entry.Weight
		case Bury:
			sum += tombWeight
		case Forget:
			sum -= tombWeight
		case Set:
		}
	}
	return sum
}

// keptBroken is how many of those that were broken View.Ended remembers, so that their
// holders learn it.
const keptBroken = 16

// Ended is what the batch leaves in View.Ended, nil if it leaves it alone.
func (b Batch) Ended() map[int64]string {
	var ended map[int64]string
	for _, c := range b.Changes {
		if c.Kind == Remove && c.Reason != "" {
			if ended == nil {
				ended = map[int64]string{}
			}
			ended[c.Entry.Ticket] = c.Reason
		}
	}
	if ended == nil {
		return nil
	}
	latest := slices.SortedFunc(maps.Keys(b.Keep), func(x, y int64) int { return cmp.Compare(y, x) })
	for _, ticket := range latest[:min(len(latest), keptBroken)] {
		if _, now := ended[ticket]; !now {
			ended[ticket] = b.Keep[ticket]
		}
	}
	return ended
}

// broken returns what the view says of those that were broken.
func (v View) broken() map[int64]string {
	known := maps.Clone(v.Ended)
	maps.DeleteFunc(known, func(_ int64, how string) bool { return how != EndedBroken })
	return known
}

// Allows says whether the batch can be applied to the view.
func (v View) Allows(b Batch) bool {
	if b.Steady && v.Counter != b.Counter {
		return false
	}
	if added := b.AddedWeight(); added > 0 && v.Weight+added > MaxWeight {
		return false
	}
	return !slices.ContainsFunc(b.Changes, func(c Change) bool { return !v.Holds(c) })
}

// Apply returns the view after a batch that it allows. It is what every store does
// in its own way, and the reference for them.
func (v View) Apply(b Batch) View {
	after := v
	after.Version = from(v.Version, b.Now) + 1
	after.Weight += b.WeightChange()
	after.Written = Milliseconds(b.Now)
	if ended := b.Ended(); ended != nil {
		after.Ended = ended
	}
	after.Entries, after.Tombs = slices.Clone(v.Entries), maps.Clone(v.Tombs)
	for _, c := range b.Changes {
		after.apply(c, b.Now)
	}
	return after
}

// from returns what a counter counts on from. One that is made anew starts at the
// time, above all that an earlier one of its name has counted.
func from(counter int64, now time.Time) int64 {
	if counter == 0 {
		return now.UnixMilli()
	}
	return counter
}

// apply makes one change to a view that is being made.
func (v *View) apply(c Change, now time.Time) {
	i := slices.IndexFunc(v.Entries, func(e Entry) bool { return e.ID == c.Entry.ID })
	switch c.Kind {
	case Add:
		v.Counter = from(v.Counter, now) + 1
		e := c.Entry
		e.Ticket = v.Counter
		v.Entries = append(v.Entries, e)
	case Set:
		v.Entries[i].Expires = c.Expires
		v.Entries[i].Confirmed = v.Entries[i].Confirmed || c.Confirm
	case Remove:
		v.Entries = slices.Delete(v.Entries, i, i+1)
	case Bury:
		if v.Tombs == nil {
			v.Tombs = map[string]time.Time{}
		}
		v.Tombs[c.Entry.ID] = Milliseconds(now)
	case Forget:
		delete(v.Tombs, c.Entry.ID)
	}
}

// Milliseconds cuts a time to what is stored.
func Milliseconds(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.UnixMilli(t.UnixMilli())
}
