package syncquery

import (
	"errors"
	"slices"
)

// lockAll asks for all of the locks at once. When all are answered, the plan goes on.
func (r *reading) lockAll(names []string) {
	for _, name := range names {
		r.lock(name, func(error) {})
	}
}

// lock asks for a lock, once. What came of it stands in held or refused, and goes to then.
func (r *reading) lock(name string, then func(error)) {
	m := r.m
	r.locking++
	m.busy[name] = r
	m.happens(Happening{Kind: Locking, Reading: r.number, Endpoint: name})
	m.call(Command{Does: CallLock, Endpoint: name}, func(result Result) {
		r.locking--
		r.locked(name, result.Err)
		then(result.Err)
		if r.locking > 0 {
			return
		}
		if len(r.members) == 0 {
			r.free()
		} else if r.plan != nil {
			r.plan()
		}
	})
}

// locked takes in the answer to a lock.
func (r *reading) locked(name string, err error) {
	m := r.m
	if err == nil { // so it was free: what was lost before has not locked it
		m.doubts.settle(name, lost)
		m.hear(name, false)
		if len(r.held) == 0 {
			r.since = m.now
		}
		r.held = append(r.held, name)
		m.happens(Happening{Kind: Locked, Reading: r.number, Endpoint: name})
		return
	}
	foreign := m.busy[name] == r // else another reading of ours has it
	if foreign && r.reserved != name {
		m.release(name)
	}
	r.refused[name] = err
	switch {
	case errors.Is(err, ErrAnswerLost):
		m.doubts.suspect(name, err)
		m.happens(Happening{Kind: AnswerLost, Reading: r.number, Endpoint: name})
	case errors.Is(err, ErrAlreadyLocked) && foreign:
		m.hear(name, true)
		fallthrough
	default:
		m.happens(Happening{Kind: Refused, Reading: r.number, Endpoint: name})
	}
}

// unlockAll frees some of what we hold, all at once, and then goes on.
func (r *reading) unlockAll(names []string, then func()) {
	if len(names) == 0 {
		then()
		return
	}
	open := len(names)
	for _, name := range slices.Clone(names) {
		r.unlock(name, func() {
			if open--; open == 0 {
				then()
			}
		})
	}
}

// unlock frees one endpoint that we hold. That a lock is left in doubt is no error of the
// reading; that somebody else had freed it is.
func (r *reading) unlock(name string, then func()) {
	r.held = slices.DeleteFunc(r.held, func(other string) bool { return other == name })
	r.m.unlock(name, r.number, 0, func(err error) {
		r.m.release(name)
		if errors.Is(err, ErrLockLost) {
			r.lost = err
		}
		then()
	})
}
