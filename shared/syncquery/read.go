package syncquery

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// place is a resource at an endpoint.
type place struct {
	endpoint string
	resource int64
}

// places returns where the ids are to be read: at the first of the endpoints that
// serves it, or at every one.
func places(endpoints []Endpoint, ids []int64, everywhere bool) []place {
	var all []place
	for _, id := range ids {
		for _, e := range endpoints {
			if !e.Serves(id) {
				continue
			}
			all = append(all, place{e.Name, id})
			if !everywhere {
				break
			}
		}
	}
	return all
}

// readAll reads the places, all at once or in turn, and returns the states and,
// for the resources that could not be read, the reasons.
func readAll(ctx context.Context, l *ledger, all []place, spread func([]place, func(place))) (states map[int64]string, trouble map[int64]error) {
	states, trouble = make(map[int64]string, len(all)), map[int64]error{}
	var mu sync.Mutex
	spread(all, func(p place) {
		state, err := readUntil(ctx, l, p)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			trouble[p.resource] = fmt.Errorf("resource %d at '%s': %w", p.resource, p.endpoint, err)
			return
		}
		states[p.resource] = state
	})
	return states, trouble
}

// readTries is how often a resource is read while nothing comes back: reading has
// no effect, so it can be repeated.
const readTries = 4

// readUntil reads a resource. One whose reading hung is not read again, now or in a
// next round: while it hangs, everything stays locked, and everybody waits.
func readUntil(ctx context.Context, l *ledger, p place) (state string, err error) {
	for range readTries {
		state, err = l.read(ctx, p.endpoint, p.resource)
		switch {
		case ctx.Err() != nil:
			return state, err
		case errors.Is(err, context.DeadlineExceeded):
			return "", fmt.Errorf("no answer within %s", l.readTimeout())
		case !errors.Is(err, ErrNotDone) && !errors.Is(err, ErrAnswerLost):
			return state, err
		}
	}
	return state, err
}
