package syncquery

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// sequential answers one query at a time: the registry once a query; for each id
// the first listed endpoint that serves it and isn't chosen yet; locks one after
// the other. The strategy serial then reads each id once, one after the other; the
// baseline reads all at once, each id at every locked endpoint that serves it.
type sequential struct {
	ledger   *ledger
	baseline bool
	turn     chan struct{} // the global mutex, as a channel so that a wait can end with its context
	done     sync.WaitGroup
}

func newSequential(l *ledger, baseline bool) *sequential {
	return &sequential{ledger: l, baseline: baseline, turn: make(chan struct{}, 1)}
}

// query returns when its context ends, also while what it began is still being
// undone: whoever has the turn keeps it until everything is free.
func (s *sequential) query(ctx context.Context, ids []int64) (map[int64]string, error) {
	m := newMember(ctx, ids)
	s.done.Go(func() { s.work(m) })
	return m.wait()
}

func (s *sequential) wait() { s.done.Wait() }

// work answers one query, once it is its turn.
func (s *sequential) work(m *member) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-m.ctx.Done():
		return
	}
	for try := 0; m.ctx.Err() == nil; try++ {
		states, err := s.reading(m)
		if err == nil || !passes(err) {
			m.answer(outcome{states, err})
			return
		}
		m.stoodInTheWay(err)
		s.ledger.clear(m.ctx, lost, s.ledger.doubtful()...)
		pause(m.ctx, try)
	}
}

// reading makes one attempt at a synchronized reading.
func (s *sequential) reading(m *member) (states map[int64]string, err error) {
	ctx := m.ctx
	registry, err := s.ledger.registry(ctx)
	if err != nil {
		return nil, err
	}
	if err := unknown(m.ids, registry.Served()); err != nil {
		return nil, err
	}
	held := &hold{ledger: s.ledger, note: m.stoodInTheWay}
	defer func() {
		if lost := held.release(ctx, inTurn); err == nil && lost != nil {
			states, err = nil, lost
		}
	}()
	endpoints := firstListed(registry, m.ids)
	for _, e := range endpoints {
		if err := held.wait(ctx, e.Name); err != nil {
			return nil, err
		}
	}
	return s.read(ctx, endpoints, m.ids)
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
	for _, id := range ids { // one that no retry mends, before one that may pass
		if err := trouble[id]; err != nil && !passes(err) {
			return nil, err
		}
	}
	for _, err := range trouble {
		return nil, err
	}
	return states, nil
}
