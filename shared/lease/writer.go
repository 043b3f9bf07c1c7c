package lease

import (
	"context"
	"errors"
	"slices"
	"time"
)

// maxChanges is how many changes one write carries: more would not fit the 4 KB of
// a DynamoDB expression.
const maxChanges = 40

// task is a change that somebody wants to be made.
type task struct {
	ctx    context.Context
	change Change
	class  class
	done   chan outcome // holds one; nil if nobody wants to know
	gone   bool         // the caller has left; guarded by Leaser.mu
	// repeated tells that a write of it, with others, went without an answer and was
	// then refused for their sake: it may still come.
	repeated bool
}

// class is what may go into one write together.
type class int

const (
	plain  class = iota
	steady       // takes keys without waiting: only while nobody has come since
	alone        // evictions: that one is refused must not hold up other callers
)

// outcome is what became of a task.
type outcome struct {
	view     View // after it, or what stood in its way
	err      error
	repeated bool // see Written
}

// errRefused says that a change's condition does not hold.
var errRefused = errors.New("lease: refused")

// errLostRace says that a steady change came too late: somebody has come since the
// view that it was based on, be it for other keys.
var errLostRace = errors.New("lease: somebody has come in between")

// do has the change made, with others of this process in one write, and waits for
// that. If ctx ends first, an entry that is added all the same is removed again.
func (l *Leaser) do(ctx context.Context, c class, change Change) outcome {
	t := &task{ctx: context.WithoutCancel(ctx), change: change, class: c, done: make(chan outcome, 1)}
	if err := ctx.Err(); err != nil {
		return outcome{err: context.Cause(ctx)}
	}
	l.submit(t)
	select {
	case o := <-t.done:
		return o
	case <-ctx.Done():
		l.abandon(t)
		return outcome{err: context.Cause(ctx)}
	}
}

func (l *Leaser) submit(tasks ...*task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(l.pending, tasks...)
	if !l.writing && len(l.pending) > 0 {
		l.writing = true
		go l.write()
	}
}

// abandon drops a task, or has its effect undone once it is known.
func (l *Leaser) abandon(t *task) {
	l.mu.Lock()
	if i := slices.Index(l.pending, t); i >= 0 && t.change.Kind == Add {
		l.pending = slices.Delete(l.pending, i, i+1)
		l.mu.Unlock()
		return
	}
	t.gone = true
	l.mu.Unlock()
	if t.change.Kind != Add {
		return
	}
	select {
	case o := <-t.done: // it was made just now
		l.forsake(t, o)
	default: // the writer will see that the caller has left
	}
}

// forsake removes what an abandoned task has added, or may have added.
func (l *Leaser) forsake(t *task, o outcome) {
	if o.err == nil || o.repeated || errors.Is(o.err, ErrUnknown) {
		go l.undo(t.ctx, t.change.Entry, o.repeated || o.err != nil)
	}
}

// write makes all pending changes, one write at a time: those that come meanwhile
// share the next one.
func (l *Leaser) write() {
	for {
		batch, tasks := l.compose()
		if len(tasks) == 0 {
			return
		}
		sent, known := time.Now(), l.snapshot().view.Version
		ctx, cancel := context.WithTimeout(tasks[0].ctx, writeTimeout)
		w, err := l.store.Write(ctx, batch)
		cancel()
		if err == nil {
			l.observe(w.View, known, sent)
		}
		l.settle(tasks, w, err)
		// Who was told now may have something for the next one: a worker that releases
		// one lease acquires another.
		time.Sleep(min(time.Since(sent)/4, time.Millisecond))
	}
}

// compose takes the next tasks that go together, in order, and makes a batch of
// them. When nothing is pending, the writer's work is done.
func (l *Leaser) compose() (Batch, []*task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.pending) > 0 {
		b := Batch{Now: l.now(), Counter: l.view.Counter, Keep: l.view.broken()}
		tasks := l.takeTogether()
		switch tasks[0].class {
		case steady:
			b.Steady = true
			tasks = l.takeable(tasks)
		case alone:
			tasks = l.evictable(tasks)
		case plain:
			tasks = l.withOwn(tasks)
		}
		if len(tasks) == 0 {
			continue
		}
		for _, t := range tasks {
			b.Changes = append(b.Changes, t.change)
		}
		return b, tasks
	}
	l.writing = false
	return Batch{}, nil
}

// takeTogether takes from what is pending the first task and those that can share
// its write: of its class, and none about what another one of them is about.
func (l *Leaser) takeTogether() []*task {
	var taken, left []*task
	about := map[string]bool{}
	for _, t := range l.pending {
		if subject := t.change.subject(); len(taken) == 0 || t.class == taken[0].class && len(taken) < maxChanges && !about[subject] {
			about[subject] = true
			taken = append(taken, t)
		} else {
			about[subject] = true // what comes behind it must not overtake it
			left = append(left, t)
		}
	}
	l.pending = left
	return taken
}

// subject names what a change is about: an entry or a tomb.
func (c Change) subject() string {
	if c.Kind == Bury || c.Kind == Forget {
		return "tomb " + c.Entry.ID
	}
	return "entry " + c.Entry.ID
}

// takeable keeps the tasks whose keys are free in the latest view, each as if those
// before it had been made. The others are told who is in their way.
func (l *Leaser) takeable(tasks []*task) []*task {
	view := l.view
	return slices.DeleteFunc(tasks, func(t *task) bool {
		one := Batch{Now: l.now(), Changes: []Change{t.change}}
		if !view.Holds(t.change) || len(view.Ahead(t.change.Entry)) > 0 {
			l.tell(t, outcome{view: l.view, err: errRefused})
			return true
		}
		view = view.Apply(one)
		return false
	})
}

// evictable drops the evictions that somebody else of this process was faster with.
func (l *Leaser) evictable(tasks []*task) []*task {
	return slices.DeleteFunc(tasks, func(t *task) bool {
		if l.view.Holds(t.change) {
			return false
		}
		l.tell(t, outcome{view: l.view, err: errRefused})
		return true
	})
}

// withOwn adds to the tasks what can go along: the grants that they bring about
// within this process, and the tombs that nobody needs any more.
func (l *Leaser) withOwn(tasks []*task) []*task {
	about := map[string]bool{}
	after := l.view
	for _, t := range tasks {
		about[t.change.subject()] = true
		if t.change.Kind == Remove && after.Holds(t.change) {
			after = after.Apply(Batch{Changes: []Change{t.change}})
		}
	}
	add := func(c Change) {
		if len(tasks) < maxChanges && !about[c.subject()] {
			about[c.subject()] = true
			tasks = append(tasks, &task{ctx: tasks[0].ctx, change: c, class: plain})
		}
	}
	for _, w := range l.waiters {
		if c, ok := w.grant(after, l.now()); ok {
			add(c)
		}
	}
	for id, since := range l.view.Tombs {
		if l.now().Sub(since) > tombKept {
			add(Change{Kind: Forget, Entry: Entry{ID: id}})
		}
	}
	return tasks
}

// settle tells what became of a write to those who wait for it. What was refused
// for another one's sake is tried again.
func (l *Leaser) settle(tasks []*task, w Written, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var again []*task
	explained := false // something is done, or has failed for a reason of its own
	room := MaxWeight - w.View.Weight
	for _, t := range tasks {
		t.repeated = t.repeated || w.Repeated
		o := outcome{view: w.View, err: err, repeated: t.repeated}
		switch {
		case err != nil || w.Done:
		case !w.View.Holds(t.change):
			o.err = errRefused
		case t.change.Kind == Add && t.change.Entry.Weight > room:
			o.err = ErrBusy
		case t.class == steady:
			o.err = errLostRace
		default:
			if t.change.Kind == Add {
				room -= t.change.Entry.Weight
			}
			if t.done != nil {
				again = append(again, t)
			}
			continue
		}
		explained = true
		l.tell(t, o)
	}
	if !explained {
		l.unreasonable(again)
		return
	}
	l.pending = append(again, l.pending...)
}

// unreasonable ends tasks that a store refuses for no reason that can be seen in
// its view: to try again would be to try for ever.
func (l *Leaser) unreasonable(tasks []*task) {
	for _, t := range tasks {
		l.tell(t, outcome{err: errors.New("lease: the store refused a write that its view allows")})
	}
}

// tell hands a task its outcome. The caller holds the mutex.
func (l *Leaser) tell(t *task, o outcome) {
	switch {
	case t.done == nil:
	case t.gone && t.change.Kind == Add:
		l.forsake(t, o)
	default:
		t.done <- o
	}
}
