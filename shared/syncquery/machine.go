package syncquery

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Machine is a strategy without goroutines, clock or transport: events go in by its
// methods, each with the time at which it happened, and commands come out of Next. The
// same machine runs behind Client, over any Server, and in a simulation on a virtual
// clock. Times are durations since any moment, and never run backwards.
//
// Not safe for concurrent use. Two machines with one seed that see the same events say
// the same.
type Machine struct {
	strategy strategy
	options  Options
	random   *rand.Rand

	now      time.Duration
	commands []Command
	timers   []*timer
	calls    map[int]*pending // under way
	lastCall int

	queries     map[int]*query // that have no answer yet
	waiting     []*query       // those that no reading is for, in the order of their coming
	behind      []*query       // those that wait until a reading of ours ends
	postponed   []*query       // those that pause before they are looked at again
	resume      *timer         // rings when the first of them is due
	readings    []*reading     // on their way
	lastReading int
	busy        map[string]*reading // endpoints that a reading of ours has locked, or is locking or freeing
	doubts      doubts
	view        view
	resting     *timer        // until this client may lock again; nil while it may
	foreignAt   time.Duration // when somebody else was last seen to lock, never: -1 s or less
	releasedAt  time.Duration // when we last freed something
	closing     bool
	closed      bool
}

// strategy is what the strategies do differently.
type strategy interface {
	// dispatch begins what can be begun for those who wait. It is called after every
	// event, and must do nothing if there is nothing to do.
	dispatch()
	// ended says that a reading is over and all that it held is free.
	ended(r *reading)
}

// query is a query that has no answer yet.
type query struct {
	id      int
	ids     []int64       // ascending, each once
	came    time.Duration // when it was asked
	last    error         // what stood in its way last
	tries   int           // readings that came to nothing for it
	due     time.Duration // of one that is postponed: when it is looked at again
	passed  bool          // readings were begun that it could not be a member of
	reading *reading      // that it is a member of; nil while it waits
}

// NewMachine returns a machine that answers by the strategy. The seed draws its pauses.
func NewMachine(s Strategy, options Options, seed uint64) *Machine {
	m := &Machine{
		options: options.withDefaults(), random: rand.New(rand.NewPCG(seed, 1)), //nolint:gosec // jitter, not a secret
		calls: map[int]*pending{}, queries: map[int]*query{}, busy: map[string]*reading{},
		doubts: doubts{}, foreignAt: -time.Hour, releasedAt: -time.Hour,
	}
	switch s {
	case Serial, Baseline:
		m.strategy = &sequential{Machine: m, baseline: s == Baseline}
	case Cover:
		m.strategy = &scheduler{Machine: m}
	default:
		m.strategy = &grouping{Machine: m}
	}
	return m
}

// Ask says that a query came. Its id is the caller's and new; ids ascend, each once. The
// answer is a command of its own; to no ids it comes at once.
func (m *Machine) Ask(now time.Duration, id int, ids []int64) {
	m.now = now
	q := &query{id: id, ids: ids, came: now}
	m.queries[id] = q
	m.happens(Happening{Kind: Asked, Query: id, Resource: int64(len(ids))})
	if len(ids) == 0 {
		m.answer(q, map[int64]string{}, nil)
		return
	}
	m.waiting = append(m.waiting, q)
	m.strategy.dispatch()
}

// GiveUp says that nobody waits for the query any more, and returns what stood in its
// way last, nil if nothing did. There will be no answer. A query that has one already is
// left alone.
func (m *Machine) GiveUp(now time.Duration, id int) error {
	m.now = now
	q := m.queries[id]
	if q == nil {
		return nil
	}
	m.forget(q)
	m.happens(Happening{Kind: Failed, Query: id})
	if r := q.reading; r != nil {
		r.leave(q)
	}
	m.strategy.dispatch()
	m.closeIfIdle()
	return q.last
}

// Returned says that a call came to its end.
func (m *Machine) Returned(now time.Duration, call int, result Result) {
	m.now = now
	p := m.calls[call]
	delete(m.calls, call)
	p.then(result)
	m.strategy.dispatch()
	m.closeIfIdle()
}

// Wake says that the time has come that Next asked for.
func (m *Machine) Wake(now time.Duration) {
	m.now = now
	for i := 0; i < len(m.timers); { // one that rings may set another
		t := m.timers[i]
		if t.at > now {
			i++
			continue
		}
		m.timers = slices.Delete(m.timers, i, i+1)
		t.ring()
		i = 0
	}
	m.strategy.dispatch()
	m.closeIfIdle()
}

// Close says that no more queries come. When everything is at its end, the command
// Closed names what is possibly left locked.
func (m *Machine) Close(now time.Duration) {
	m.now, m.closing = now, true
	m.closeIfIdle()
}

// Next returns what is to be done, in this order, and when to call Wake: never, if it is
// negative. It is to be called after every event. The commands are valid until the next
// event.
func (m *Machine) Next() (commands []Command, wake time.Duration) {
	commands, m.commands = m.commands, m.commands[len(m.commands):]
	wake = -1
	for _, t := range m.timers {
		if wake < 0 || t.at < wake {
			wake = t.at
		}
	}
	return commands, wake
}

// forget takes a query out of the lists, whether it was answered or given up.
func (m *Machine) forget(q *query) {
	delete(m.queries, q.id)
	m.remove(func(other *query) bool { return other == q })
}

// answer ends a query.
func (m *Machine) answer(q *query, states map[int64]string, err error) {
	m.forget(q)
	kind, reading := Answered, 0
	if err != nil {
		kind = Failed
	}
	if q.reading != nil {
		reading = q.reading.number
	}
	m.happens(Happening{Kind: kind, Query: q.id, Reading: reading})
	m.commands = append(m.commands, Command{Kind: Answer, Query: q.id, States: states, Err: err})
}

// postpone gives a query back to those who wait, with what stood in its way, after a
// pause that grows with its tries.
func (m *Machine) postpone(q *query, err error) {
	q.reading = nil
	if err != nil {
		q.last = err
	}
	q.due = m.now + m.pause(q.tries)
	q.tries++
	m.postponed = append(m.postponed, q)
	m.setResume()
}

// setResume has the postponed looked at again when the first of them is due.
func (m *Machine) setResume() {
	m.stop(m.resume)
	if m.resume = nil; len(m.postponed) == 0 {
		return
	}
	due := slices.MinFunc(m.postponed, func(a, b *query) int { return cmp.Compare(a.due, b.due) }).due
	m.resume = m.after(due-m.now, func() {
		isDue := func(q *query) bool { return q.due <= m.now }
		for _, q := range m.postponed {
			if isDue(q) {
				m.wait(q)
			}
		}
		m.postponed = slices.DeleteFunc(m.postponed, isDue)
		m.setResume()
	})
}

// unblock has those looked at again who waited until a reading of ours ended.
func (m *Machine) unblock() {
	for _, q := range m.behind {
		m.wait(q)
	}
	m.behind = m.behind[:0]
}

// release lets other readings have an endpoint. Who waits for a reading of ours waits for
// its end, unless that is over.
func (m *Machine) release(name string) {
	if r := m.busy[name]; r != nil && r.stage == endedStage {
		m.unblock()
	}
	delete(m.busy, name)
}

// wait puts a query among those who wait, by its coming.
func (m *Machine) wait(q *query) {
	q.reading = nil
	i, _ := slices.BinarySearchFunc(m.waiting, q, func(a, b *query) int {
		return cmp.Or(cmp.Compare(a.came, b.came), cmp.Compare(a.id, b.id))
	})
	m.waiting = slices.Insert(m.waiting, i, q)
}

// remove takes queries out of the lists of those who wait.
func (m *Machine) remove(is func(*query) bool) {
	m.waiting = slices.DeleteFunc(m.waiting, is)
	m.behind = slices.DeleteFunc(m.behind, is)
	m.postponed = slices.DeleteFunc(m.postponed, is)
}

// fail ends a query with an error, or postpones it if the error may pass.
func (m *Machine) fail(q *query, err error) {
	if passes(err) {
		m.postpone(q, err)
		return
	}
	m.answer(q, nil, err)
}

// failWaiting ends all who wait with an error, or postpones them.
func (m *Machine) failWaiting(err error) {
	waiting := m.waiting
	m.waiting = nil
	for _, q := range waiting {
		m.fail(q, err)
	}
}

// pending is a call that is under way.
type pending struct{ then func(Result) }

// call has a call made; then is told how it ended. It returns the call's number.
func (m *Machine) call(c Command, then func(Result)) int {
	m.lastCall++
	c.Kind, c.Call = Call, m.lastCall
	if c.Timeout == 0 {
		c.Timeout = m.options.CallTimeout
	}
	m.calls[c.Call] = &pending{then}
	m.commands = append(m.commands, c)
	return c.Call
}

// abandon has a call that has no effect broken off; it still comes to its end.
func (m *Machine) abandon(call int) {
	if m.calls[call] != nil {
		m.commands = append(m.commands, Command{Kind: Abandon, Call: call})
	}
}

// timer is something to be done at a time.
type timer struct {
	at   time.Duration
	ring func()
}

// after has something done after a while.
func (m *Machine) after(d time.Duration, ring func()) *timer {
	t := &timer{at: m.now + d, ring: ring}
	m.timers = append(m.timers, t)
	return t
}

// stop keeps a timer from ringing; nil is none.
func (m *Machine) stop(t *timer) {
	m.timers = slices.DeleteFunc(m.timers, func(other *timer) bool { return other == t })
}

func (m *Machine) happens(h Happening) {
	if m.options.Observe != nil {
		h.At = m.now
		m.options.Observe(h)
	}
}
