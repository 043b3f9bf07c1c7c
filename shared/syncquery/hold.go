package syncquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// hold is the endpoints that are locked for one reading. Its methods are not for
// concurrent use; what they do at once they do inside.
type hold struct {
	ledger *ledger
	note   func(error) // is told why a wait goes on; may be nil
	held   []string
}

// try locks the endpoints, all at once and without waiting, and returns the error
// of each that we did not get.
func (h *hold) try(ctx context.Context, endpoints []string) map[string]error {
	var mu sync.Mutex
	refused := map[string]error{}
	atOnce(endpoints, func(name string) {
		err := h.ledger.lock(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			refused[name] = err
			return
		}
		h.held = append(h.held, name)
	})
	slices.Sort(h.held)
	return refused
}

// wait locks one endpoint, polling until it is free or ctx is done, and meanwhile
// keeps what it holds. Its error is why the last try failed.
func (h *hold) wait(ctx context.Context, endpoint string) error {
	for {
		err := h.ledger.lock(ctx, endpoint)
		if err == nil {
			h.held = append(h.held, endpoint)
			return nil
		}
		if !errors.Is(err, ErrAlreadyLocked) && !errors.Is(err, ErrNotDone) && !errors.Is(err, ErrAnswerLost) {
			return err
		}
		if h.note != nil {
			h.note(err)
		}
		h.ledger.clear(ctx, lost, endpoint)
		if pause(ctx, 0); ctx.Err() != nil {
			return err
		}
	}
}

// release frees everything, all at once or in turn; to repeat it is harmless.
// Errors: ErrLockLost if somebody else had freed one of them, so that what was
// read is not of one moment. That a lock is left in doubt is no error of the
// reading: the ledger has it.
func (h *hold) release(ctx context.Context, spread func([]string, func(string))) (lost error) {
	held := h.held
	h.held = nil
	var mu sync.Mutex
	spread(held, func(name string) {
		err := h.ledger.unlock(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		if errors.Is(err, ErrLockLost) {
			lost = fmt.Errorf("endpoint '%s': %w", name, err)
		}
	})
	return lost
}

// atOnce calls f for every item, all at once, and waits for all.
func atOnce[T any](items []T, f func(T)) {
	var wg sync.WaitGroup
	for _, item := range items {
		wg.Go(func() { f(item) })
	}
	wg.Wait()
}

// inTurn calls f for every item, one after the other.
func inTurn[T any](items []T, f func(T)) {
	for _, item := range items {
		f(item)
	}
}
