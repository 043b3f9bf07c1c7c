package syncquery

import (
	"context"
	"slices"
	"strings"
)

// sequential answers one query at a time: the registry once a query; for each id
// the first listed endpoint that serves it and isn't chosen yet; locks one after
// the other. The strategy serial then reads each id once, one after the other; the
// baseline reads all at once, each id at every locked endpoint that serves it.
type sequential struct {
	ledger   *ledger
	baseline bool
	turn     chan struct{} // the global mutex, as a channel so that a wait can end with its context
}

func newSequential(l *ledger, baseline bool) *sequential {
	return &sequential{ledger: l, baseline: baseline, turn: make(chan struct{}, 1)}
}

func (s *sequential) query(ctx context.Context, ids []int64) (map[int64]string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, gaveUp(ctx, nil)
	}
	for try := 0; ; try++ {
		states, err := s.reading(ctx, ids)
		if err == nil || !passes(err) {
			return states, err
		}
		s.ledger.clear(ctx)
		if pause(ctx, try); ctx.Err() != nil {
			return nil, gaveUp(ctx, err)
		}
	}
}

// wait takes the turn: then nobody else has it, and none is given any more.
func (s *sequential) wait() { s.turn <- struct{}{} }

// reading makes one attempt at a synchronized reading.
func (s *sequential) reading(ctx context.Context, ids []int64) (states map[int64]string, err error) {
	registry, err := s.ledger.registry(ctx)
	if err != nil {
		return nil, err
	}
	if err := unknown(ids, registry.Served()); err != nil {
		return nil, err
	}
	held := &hold{ledger: s.ledger}
	defer func() {
		if lost := held.release(ctx, inTurn); err == nil && lost != nil {
			states, err = nil, lost
		}
	}()
	endpoints := firstListed(registry, ids)
	for _, e := range endpoints {
		if err := held.wait(ctx, e.Name); err != nil {
			return nil, err
		}
	}
	return s.read(ctx, endpoints, ids)
}

// firstListed chooses for each id the first listed endpoint that serves it and
// isn't chosen yet. It returns them by name: so clients that lock in this order,
// holding what they have while they wait, can't wait for each other.
func firstListed(registry Registry, ids []int64) []Endpoint {
	taken := make([]bool, len(registry))
	var chosen []Endpoint
	for _, id := range ids {
		for i, e := range registry {
			if !taken[i] && e.Serves(id) {
				taken[i] = true
				chosen = append(chosen, e)
				break
			}
		}
	}
	slices.SortFunc(chosen, func(a, b Endpoint) int { return strings.Compare(a.Name, b.Name) })
	return chosen
}

func (s *sequential) read(ctx context.Context, endpoints []Endpoint, ids []int64) (map[int64]string, error) {
	spread := inTurn[place]
	if s.baseline {
		spread = atOnce[place]
	}
	states, trouble := readAll(ctx, s.ledger, places(endpoints, ids, s.baseline), spread)
	for _, err := range trouble {
		return nil, err
	}
	return states, nil
}
