package histories_test

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/anishathalye/porcupine"
)

// history is what was done, by whom, and what came of it. Its clock only counts: of
// two things that happened one after the other, the later one has the higher number.
type history struct {
	clock   atomic.Int64
	refused atomic.Int64 // counts writes that were refused: they are not in it

	mu    sync.Mutex
	steps []porcupine.Operation
	count map[string]int // of each kind
}

func (h *history) now() int64 { return h.clock.Add(1) }

// add adds what was called then and is over now.
func (h *history) add(client int, called int64, s step, o outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count == nil {
		h.count = map[string]int{}
	}
	h.count[s.kind]++
	if o == unknown {
		h.count["of unknown outcome"]++
	}
	h.steps = append(h.steps, porcupine.Operation{ClientId: client, Input: s, Call: called, Output: o, Return: h.now()})
}

// length is how many operations there are; reads under a lease are not counted.
func (h *history) length() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.steps) - h.count[read]
}

// operations is the history as porcupine takes it: what nobody knows the outcome of
// may still happen when everything else is over.
func (h *history) operations() []porcupine.Operation {
	h.mu.Lock()
	defer h.mu.Unlock()
	all, end := make([]porcupine.Operation, len(h.steps)), h.now()
	for i, o := range h.steps {
		if o.Output == unknown {
			o.Return = end
		}
		all[i] = o
	}
	return all
}

func (h *history) String() string {
	return fmt.Sprintf("%d operations, %v, %d refused", h.length(), h.count, h.refused.Load())
}
