package sim

import "time"

// agenda is what is going to happen in a world, by time; what is of one time happens in
// the order in which it was put down.
type agenda struct {
	heap []appointment
	last uint64
}

type appointment struct {
	at   time.Duration
	nth  uint64
	what func()
}

func (a appointment) before(b appointment) bool {
	return a.at < b.at || a.at == b.at && a.nth < b.nth
}

// put puts something down.
func (a *agenda) put(at time.Duration, what func()) {
	a.last++
	a.heap = append(a.heap, appointment{at, a.last, what})
	for i := len(a.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !a.heap[i].before(a.heap[parent]) {
			break
		}
		a.heap[i], a.heap[parent] = a.heap[parent], a.heap[i]
		i = parent
	}
}

// take takes out what comes next; there must be something.
func (a *agenda) take() appointment {
	first, n := a.heap[0], len(a.heap)-1
	a.heap[0] = a.heap[n]
	a.heap[n] = appointment{} // so that what it held can go
	a.heap = a.heap[:n]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < n; child++ {
			if a.heap[child].before(a.heap[least]) {
				least = child
			}
		}
		if least == i {
			return first
		}
		a.heap[i], a.heap[least] = a.heap[least], a.heap[i]
		i = least
	}
}
