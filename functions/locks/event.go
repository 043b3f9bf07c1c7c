package locks

import "time"

// Event is something that happened to a lock.
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
	EventHeartbeat = "heartbeat" // nothing happened; Seq is that of the last event seen
)

// EventsKept is for how long an event can be asked for.
const EventsKept = time.Hour

// Timestamp writes a time as events have it.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
