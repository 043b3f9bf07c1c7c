package locks

import (
	"time"

	"lockstep/shared/lease"
)

// Event is something that happened to a lock or a lease.
type Event struct {
	Seq       int64    `json:"seq"` // grows from event to event; not by one
	At        string   `json:"at"`  // RFC 3339, UTC, with milliseconds
	Event     string   `json:"event"`
	Endpoints []string `json:"endpoints,omitzero"`
	ID        string   `json:"id,omitzero"`    // a lease's public id
	Owner     string   `json:"owner,omitzero"` // a lease's owner
	Token     int64    `json:"token,omitzero"`
}

// What can happen.
const (
	EventLock      = "lock"
	EventUnlock    = "unlock"
	EventWait      = "wait"
	EventGrant     = "grant"
	EventRelease   = "release"
	EventEviction  = "eviction"
	EventBreak     = "break"
	EventHeartbeat = "heartbeat" // nothing happened; Seq is that of the last event seen
)

// EventsKept is for how long an event can be asked for.
const EventsKept = time.Hour

// Timestamp writes a time as events have it.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Differences returns what happened between two views of a namespace, one after
// the other: what ended first, then what began, each in the order of tickets. It
// leaves Seq to the store.
func Differences(before, after lease.View) []Event {
	var all []Event
	add := func(event string, e lease.Entry) {
		told := Event{At: Timestamp(after.Written), Event: event, Endpoints: e.Keys, Token: e.Ticket}
		if !e.IsLock() {
			told.ID, told.Owner = e.ID, e.Owner
		}
		all = append(all, told)
	}
	stood, stands := byTicket(before), byTicket(after)
	for _, e := range before.Entries {
		if _, still := stands[e.Ticket]; !still {
			add(ending(after, e), e)
		}
	}
	for _, e := range after.Entries {
		old, known := stood[e.Ticket]
		if known && old.Confirmed { // it was granted before
			continue
		}
		switch granted := after.Granted(e); {
		case !known && e.IsLock():
			add(EventLock, e)
		case !known && !granted:
			add(EventWait, e)
		case granted && (!known || !before.Granted(old)):
			add(EventGrant, e)
		}
	}
	return all
}

func byTicket(v lease.View) map[int64]lease.Entry {
	all := make(map[int64]lease.Entry, len(v.Entries))
	for _, e := range v.Entries {
		all[e.Ticket] = e
	}
	return all
}

// ending names how an entry ended that is gone in the view.
func ending(after lease.View, e lease.Entry) string {
	switch how := after.Ended[e.Ticket]; {
	case how == lease.EndedBroken:
		return EventBreak
	case how == lease.EndedEvicted:
		return EventEviction
	case e.IsLock():
		return EventUnlock
	default:
		return EventRelease
	}
}
