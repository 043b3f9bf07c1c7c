package syncquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// member is a query that waits for its answer.
type member struct {
	ctx     context.Context
	ids     []int64
	outcome chan outcome          // holds one, so that answering never waits
	last    atomic.Pointer[error] // what stood in its way in the last round
	early   bool                  // it came before the round's registry was read
}

type outcome struct {
	states map[int64]string
	err    error
}

func newMember(ctx context.Context, ids []int64) *member {
	return &member{ctx: ctx, ids: ids, outcome: make(chan outcome, 1)}
}

// wait returns the outcome, or that the query was given up.
func (m *member) wait() (map[int64]string, error) {
	select {
	case o := <-m.outcome:
		return o.states, o.err
	case <-m.ctx.Done():
		return nil, m.gaveUp()
	}
}

// stoodInTheWay remembers why the query has no answer yet.
func (m *member) stoodInTheWay(err error) {
	if !errors.Is(err, errGivenUp) { // that says nothing
		m.last.Store(&err)
	}
}

// errGivenUp is the error of a round that ended before it was through, since nobody
// waited for it any more.
var errGivenUp = errors.New("given up")

// lifetime is a context that ends when nobody of the members waits any more.
func lifetime(members []*member) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	var left atomic.Int64
	left.Store(int64(len(members)))
	stops := make([]func() bool, len(members))
	for i, m := range members {
		stops[i] = context.AfterFunc(m.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}

// conclude answers each member with its outcome, except those whose error may
// pass: they are postponed, and remember it.
func conclude(members []*member, of func(*member) outcome) (postponed []*member) {
	for _, m := range members {
		o := of(m)
		if o.err != nil && passes(o.err) {
			m.stoodInTheWay(o.err)
			postponed = append(postponed, m)
			continue
		}
		m.answer(o)
	}
	return postponed
}

func (m *member) answer(o outcome) { m.outcome <- o }

func (m *member) gaveUp() error {
	if last := m.last.Load(); last != nil {
		return gaveUp(m.ctx, *last)
	}
	return gaveUp(m.ctx, nil)
}

// pick takes a member's states out of a group's reading.
func (m *member) pick(states map[int64]string, trouble map[int64]error, lost error) outcome {
	for _, id := range m.ids {
		if err := trouble[id]; err != nil {
			return outcome{err: err}
		}
	}
	if lost != nil {
		return outcome{err: lost}
	}
	mine := make(map[int64]string, len(m.ids))
	for _, id := range m.ids {
		state, ok := states[id]
		if !ok {
			return outcome{err: errGivenUp}
		}
		mine[id] = state
	}
	return outcome{states: mine}
}

// union returns the ids of the members who are not stopped by any trouble.
func union(members []*member, trouble map[int64]error) []int64 {
	var ids []int64
	for _, m := range members {
		if !slices.ContainsFunc(m.ids, func(id int64) bool { return trouble[id] != nil }) {
			ids = append(ids, m.ids...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// why says what kept us from a resource: the refusal of one of its homes, one that
// may pass if there is such.
func why(registry Registry, id int64, refused map[string]error) error {
	reason := errGivenUp
	for _, e := range registry {
		err := refused[e.Name]
		if err == nil || !e.Serves(id) {
			continue
		}
		reason = fmt.Errorf("resource %d: %w", id, err)
		if passes(err) {
			break
		}
	}
	return reason
}
