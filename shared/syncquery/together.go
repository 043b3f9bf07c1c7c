package syncquery

import (
	"context"
	"errors"
	"slices"
	"time"
)

// askWhether finds out whether the server reads together.
func (g *grouping) askWhether(server Together) error {
	g.mu.Lock()
	ctx, cancel := lifetime(g.waiting)
	g.mu.Unlock()
	defer cancel()
	can, err := safely(ctx, g.ledger.options.CallTimeout, server.ReadsTogether)
	if err == nil {
		g.together = &can
	}
	return err
}

// roundTogether answers the members from one synchronized reading of the server's
// own, and returns those who have no answer yet. An id that nobody serves fails the
// queries that name it, and the others are asked for again.
func (g *grouping) roundTogether(server Together, members []*member) (postponed []*member) {
	asked := len(members)
	defer func() { g.answered = asked - len(postponed) }()
	members, postponed = fitting(members)
	for len(members) > 0 {
		states, err := g.readTogether(server, members)
		var unknown *UnknownResourcesError
		if !errors.As(err, &unknown) {
			return append(postponed, conclude(members, func(m *member) outcome {
				if err != nil {
					return outcome{err: err}
				}
				return m.pick(states, nil, nil)
			})...)
		}
		before := len(members)
		members = slices.DeleteFunc(members, func(m *member) bool { return m.failIfUnknown(unknown.Resources) })
		if len(members) == before { // of ids that nobody asked for: it makes no sense
			return append(postponed, conclude(members, func(*member) outcome { return outcome{err: err} })...)
		}
	}
	return postponed
}

// failIfUnknown answers a member that names one of the ids, and says whether it did.
func (m *member) failIfUnknown(ids []int64) bool {
	for _, id := range m.ids {
		if slices.Contains(ids, id) {
			m.answer(outcome{err: &UnknownResourceError{Resource: id}})
			return true
		}
	}
	return false
}

func (g *grouping) readTogether(server Together, members []*member) (map[int64]string, error) {
	ctx, cancel := lifetime(members)
	defer cancel()
	// The wait is most of the time that the call has; the rest is for reading.
	wait := g.ledger.readTimeout() * 2 / 3
	return safely(ctx, g.ledger.readTimeout(), func(ctx context.Context) (map[int64]string, error) {
		return server.ReadTogether(ctx, union(members, nil), wait.Truncate(time.Millisecond))
	})
}

// gatherTime is how long a round waits at most for those whom the last one answered:
// workers that ask again at once, who would otherwise make every other round a small
// one. It is short beside any reading.
const gatherTime = 2 * time.Millisecond

// gather waits until as many wait as the last round answered, or for gatherTime.
func (g *grouping) gather() {
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	for {
		g.mu.Lock()
		enough := len(g.waiting) >= g.answered
		g.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-g.came:
		case <-timer.C:
			return
		}
	}
}

// fitting parts the members whom one reading can answer from those that it can't.
func fitting(members []*member) (fit, rest []*member) {
	ids := map[int64]bool{}
	for i, m := range members {
		for _, id := range m.ids {
			ids[id] = true
		}
		if len(ids) > MaxTogether && i > 0 {
			return members[:i:i], members[i:]
		}
	}
	return members, nil
}
