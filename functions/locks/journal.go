package locks

// journal is the memory store's events: a ring of the last ones. Its owner locks it.
type journal struct {
	first int64 // the seq of the first event that there ever was
	last  int64 // the seq of the last one
	ring  [journalSize]Event
}

const journalSize = 10_000

func (j *journal) add(e Event) {
	j.last++
	e.Seq = j.last
	j.ring[e.Seq%journalSize] = e
}

// after returns, in order, at most limit of the events after seq that are kept.
func (j *journal) after(seq int64, limit int) []Event {
	first := max(seq+1, j.last-journalSize+1, j.first)
	var events []Event
	for s := first; s <= j.last && len(events) < limit; s++ {
		events = append(events, j.ring[s%journalSize])
	}
	return events
}
