package histories_test

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// history is what was done, by whom, and what came of it. Its clock only counts: of
// two things that happened one after the other, the later one has the higher number.
type history struct {
	clock atomic.Int64

	mu    sync.Mutex
	steps []porcupine.Operation
	kinds map[string]int // how many of each kind

	checked time.Duration
}

func (h *history) now() int64 { return h.clock.Add(1) }

// add adds an operation that was called then and is over now.
func (h *history) add(client int, called int64, s step, o outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.steps = append(h.steps, porcupine.Operation{ClientId: client, Input: s, Call: called, Output: o, Return: h.now()})
	if h.kinds == nil {
		h.kinds = map[string]int{}
	}
	h.kinds[s.kind]++
	if o == unknown {
		h.kinds["unknown"]++
	}
}

// count returns how many operations of the kind there are.
func (h *history) count(kind string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.kinds[kind]
}

// operations returns the whole history for porcupine: what nobody knows the outcome
// of may still happen when everything else is over.
func (h *history) operations() []porcupine.Operation {
	h.mu.Lock()
	defer h.mu.Unlock()
	end := h.now()
	all := make([]porcupine.Operation, len(h.steps))
	for i, s := range h.steps {
		if s.Output == unknown {
			s.Return = end
		}
		all[i] = s
	}
	return all
}
