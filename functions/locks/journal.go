package locks

// journal is the memory store's events: a ring of the last ones. Its owner locks it.
type journal struct {
	last int64 // the seq of the last event
	ring [journalSize]Event
}

const journalSize = 10_000

func (j *journal) add(e Event) {
	j.last++
	e.Seq = j.last
	j.ring[e.Seq%journalSize] = e
}

// after returns, in order, at most limit of the events after seq that are kept.
func (j *journal) after(seq int64, limit int) []Event {
	first := max(seq, j.last-journalSize, 0) + 1
	var events []Event
	for s := first; s <= j.last && len(events) < limit; s++ {
		events = append(events, j.ring[s%journalSize])
	}
	return events
}
