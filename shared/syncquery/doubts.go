package syncquery

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// doubt is what we can't know of an endpoint.
type doubt int

const (
	// lost: the answer to a call did not come, but the call is over. Whoever finds the
	// endpoint free after that knows that it is.
	lost doubt = iota + 1
	// late: the call was given up. The server may still get to it, at any time.
	late
)

// doubts are the endpoints that are possibly locked by us, since the answer to a call
// was lost.
type doubts map[string]doubt

// suspect notes that err left an endpoint in doubt.
func (d doubts) suspect(endpoint string, err error) {
	kind := lost
	if errors.Is(err, context.DeadlineExceeded) {
		kind = late
	}
	d[endpoint] = max(d[endpoint], kind)
}

// settle ends a doubt, if it is of no worse a kind than atMost.
func (d doubts) settle(endpoint string, atMost doubt) {
	if d[endpoint] <= atMost {
		delete(d, endpoint)
	}
}

func (d doubts) names() []string { return slices.Sorted(maps.Keys(d)) }

// clearTries is how often Close tries to free what is in doubt.
const clearTries = 8

// clear frees what is in doubt where we are alone: then a lock there can only be ours,
// and freeing it twice does no harm. What a reading of ours holds is left alone. It ends
// doubts of a kind up to atMost, and then goes on.
func (m *Machine) clear(atMost doubt, then func()) {
	if !m.options.Alone || len(m.doubts) == 0 {
		then()
		return
	}
	open := 1
	done := func() {
		if open--; open == 0 {
			then()
		}
	}
	for _, name := range m.doubts.names() {
		if m.busy[name] != nil {
			continue
		}
		m.busy[name] = nobody // or somebody locks what is about to be freed
		open++
		m.unlock(name, 0, 0, func(err error) {
			m.release(name)
			if err == nil || errors.Is(err, ErrLockLost) { // freed now, or free already
				m.doubts.settle(name, atMost)
			}
			done()
		})
	}
	done()
}

// nobody is the reading of endpoints that are being cleared.
var nobody = &reading{stage: endedStage}

// unlock frees an endpoint that we hold. It repeats what the server says it did not do,
// and nothing else. Errors: ErrLockLost, and what left the lock in doubt.
func (m *Machine) unlock(name string, reading, try int, then func(error)) {
	m.happens(Happening{Kind: Unlocking, Reading: reading, Endpoint: name})
	m.call(Command{Does: CallUnlock, Endpoint: name}, func(result Result) {
		m.releasedAt = m.now
		err := result.Err
		switch {
		case err == nil:
			m.happens(Happening{Kind: Unlocked, Reading: reading, Endpoint: name})
			then(nil)
		case errors.Is(err, ErrAlreadyUnlocked), errors.Is(err, ErrEndpointNotFound):
			m.happens(Happening{Kind: Unlocked, Reading: reading, Endpoint: name})
			then(&lockLostError{name, err})
		case (errors.Is(err, ErrNotDone) || errors.Is(err, ErrUnreachable)) && try < unlockTries: // nothing was done, or even sent
			m.after(m.pause(try), func() { m.unlock(name, reading, try+1, then) })
		default:
			m.happens(Happening{Kind: AnswerLost, Reading: reading, Endpoint: name})
			m.doubts.suspect(name, err)
			then(err)
		}
	})
}

// unlockTries is how often a lock is freed while the server says that it did nothing.
const unlockTries = 8

// lockLostError is ErrLockLost at an endpoint.
type lockLostError struct {
	endpoint string
	cause    error
}

func (e *lockLostError) Error() string {
	return "endpoint '" + e.endpoint + "': " + ErrLockLost.Error() + ": " + e.cause.Error()
}

func (e *lockLostError) Unwrap() []error { return []error{ErrLockLost, e.cause} }

// closeIfIdle ends everything, once nothing is under way.
func (m *Machine) closeIfIdle() {
	if !m.closing || m.closed || len(m.queries)+len(m.readings)+len(m.calls)+len(m.busy) > 0 {
		return
	}
	m.closed = true
	m.timers = nil
	switch {
	case len(m.doubts) == 0:
		m.end()
	case m.options.Alone:
		m.clearAll(0)
	default:
		m.call(Command{Does: CallRegistry}, func(result Result) {
			for _, e := range result.Registry { // none after an error: then the doubts stay
				if !e.Locked {
					m.doubts.settle(e.Name, lost)
				}
			}
			m.end()
		})
	}
}

// clearAll frees what is in doubt, and tries again what failed.
func (m *Machine) clearAll(try int) {
	m.clear(late, func() {
		if try+1 < clearTries && len(m.doubts) > 0 {
			m.clearAll(try + 1)
			return
		}
		m.end()
	})
}

func (m *Machine) end() {
	m.commands = append(m.commands, Command{Kind: Closed, Left: m.doubts.names()})
}
