package syncquery

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// grouping answers all queries that wait from one synchronized reading, while the
// next group forms. It never waits while it holds a lock: what it can't lock it
// goes around by other endpoints, and queries for which there is no way around
// wait for the next round. So it can't deadlock with anybody, whatever the other
// client does.
type grouping struct {
	ledger *ledger

	mu      sync.Mutex
	waiting []*member
	running bool
	done    sync.WaitGroup
	came    chan struct{} // holds one when somebody has come, to wake the dispatcher

	together *bool // whether the server reads together; nil until it was asked. The dispatcher's
	answered int   // how many the last round together answered. The dispatcher's
}

func (g *grouping) query(ctx context.Context, ids []int64) (map[int64]string, error) {
	m := newMember(ctx, ids)
	g.join(m)
	return m.wait()
}

func (g *grouping) join(m *member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, m)
	select {
	case g.came <- struct{}{}:
	default: // it is told already
	}
	if !g.running {
		g.running = true
		g.done.Go(g.run)
	}
}

func (g *grouping) wait() { g.done.Wait() }

// run makes rounds until nobody waits.
func (g *grouping) run() {
	stuck := 0 // rounds in a row that answered nobody
	for g.anybody() {
		members, postponed := g.turn()
		if len(postponed) < len(members) {
			stuck = 0
		} else if len(members) > 0 { // don't turn on the spot
			g.pauseUntilSomebodyComes(postponed, stuck)
			stuck++
		}
		g.giveBack(postponed)
	}
}

// turn makes one round, and returns whom it was for and who of them has no answer.
func (g *grouping) turn() (members, postponed []*member) {
	server, can := g.ledger.server.(Together)
	if can && g.together == nil {
		if err := g.askWhether(server); err != nil {
			members = g.take()
			return members, conclude(members, func(*member) outcome { return outcome{err: err} })
		}
	}
	if can && *g.together {
		g.gather()
		members = g.take()
		return members, g.roundTogether(server, members)
	}
	registry, err := g.readRegistry()
	members = g.take() // also those who came while the registry was read
	postponed = g.round(members, registry, err)
	g.ledger.clear(context.Background(), lost, g.ledger.doubtful()...)
	return members, postponed
}

// pauseUntilSomebodyComes pauses for the postponed. Who comes meanwhile need not
// wait for what those wait for.
func (g *grouping) pauseUntilSomebodyComes(postponed []*member, before int) {
	ctx, cancel := lifetime(postponed)
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		pause(ctx, before)
	}()
	select {
	case <-over:
	case <-g.came:
		cancel()
		<-over
	}
}

// anybody drops the queries that were given up, and says whether others wait. When
// none do, the dispatcher's work is done.
func (g *grouping) anybody() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = slices.DeleteFunc(g.waiting, func(m *member) bool { return m.ctx.Err() != nil })
	for _, m := range g.waiting {
		m.early = true
	}
	g.running = len(g.waiting) > 0
	return g.running
}

func (g *grouping) take() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	members := g.waiting
	g.waiting = nil
	select {
	case <-g.came: // those are among them
	default:
	}
	return members
}

func (g *grouping) giveBack(postponed []*member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(postponed, g.waiting...)
}

func (g *grouping) readRegistry() (Registry, error) {
	g.mu.Lock()
	ctx, cancel := lifetime(g.waiting)
	g.mu.Unlock()
	defer cancel()
	return g.ledger.registry(ctx)
}

// round makes one synchronized reading for the members, answers those it can, and
// returns the others.
func (g *grouping) round(members []*member, registry Registry, err error) (postponed []*member) {
	if err != nil {
		return conclude(members, func(*member) outcome { return outcome{err: err} })
	}
	ctx, cancel := lifetime(members)
	defer cancel()
	known, postponed := admit(members, registry)
	held := &hold{ledger: g.ledger}
	defer func() { _ = held.release(ctx, atOnce) }() // for a panic; else all is free by then
	locked, trouble := g.lockCover(ctx, held, registry, union(known, nil))
	states, unread := readAll(ctx, g.ledger, places(locked, union(known, trouble), false), atOnce)
	maps.Copy(trouble, unread)
	lost := held.release(ctx, atOnce)
	return append(postponed, conclude(known, func(m *member) outcome { return m.pick(states, trouble, lost) })...)
}

// admit parts those whose ids are all known from those whose aren't: an unknown id
// fails its own query, never the group's. Who came after the registry was read is
// not judged by it, but postponed.
func admit(members []*member, registry Registry) (known, postponed []*member) {
	served := registry.Served()
	for _, m := range members {
		switch err := unknown(m.ids, served); {
		case err == nil:
			known = append(known, m)
		case m.early:
			m.answer(outcome{err: err})
		default:
			postponed = append(postponed, m)
		}
	}
	return known, postponed
}

// lockCover locks a cover of ids without waiting. Where a lock is refused it plans
// again around it. It returns the endpoints that it holds, and for each id that it
// found no way to the reason.
func (g *grouping) lockCover(ctx context.Context, held *hold, registry Registry, ids []int64) (locked []Endpoint, trouble map[int64]error) {
	trouble = map[int64]error{}
	doubtful := g.ledger.doubtful()
	candidates := []Endpoint(registry)
	refused := map[string]error{}
	for missing := ids; len(missing) > 0 && ctx.Err() == nil; {
		plan, _ := CoverAround(candidates, missing, func(e Endpoint) bool { return e.Locked || slices.Contains(doubtful, e.Name) })
		if len(plan) == 0 {
			for _, id := range missing {
				trouble[id] = why(registry, id, refused)
			}
			return locked, trouble
		}
		maps.Copy(refused, held.try(ctx, names(plan)))
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(e Endpoint) bool { return slices.Contains(names(plan), e.Name) })
		for _, e := range plan {
			if refused[e.Name] == nil {
				locked = append(locked, e)
			}
		}
		missing = slices.DeleteFunc(slices.Clone(missing), func(id int64) bool { return len(places(locked, []int64{id}, false)) > 0 })
	}
	return locked, trouble
}

func names(endpoints []Endpoint) []string {
	all := make([]string, len(endpoints))
	for i, e := range endpoints {
		all[i] = e.Name
	}
	return all
}
