package faults

import (
	"sync"
	"time"
)

// Late keeps requests that come late: to the caller the connection was reset, and then
// the request arrives all the same, such as one that a dead connection's buffers still
// hold, or that waits in a server. What the caller's context does is of no concern to
// it. The zero value is ready; each test has its own.
type Late struct {
	underway sync.WaitGroup
	mu       sync.Mutex
	held     []func() error
	outcomes []error
}

// After returns the fault of a request that arrives after the wait. A test that uses
// it ends with Wait.
func (l *Late) After(wait time.Duration) Fault { return Fault{kind: lateAfter, wait: wait, late: l} }

// Held returns the fault of a request that arrives when the test calls Release, or
// never.
func (l *Late) Held() Fault { return Fault{kind: lateHeld, late: l} }

// Release sends the requests that are held, the oldest first, and returns the outcome
// of each: nil for success, or the error that the caller would have seen, such as
// *types.ConditionalCheckFailedException.
func (l *Late) Release() []error {
	l.mu.Lock()
	held := l.held
	l.held = nil
	l.mu.Unlock()
	outcomes := make([]error, len(held))
	for i, send := range held {
		outcomes[i] = send()
	}
	return outcomes
}

// Wait returns when all requests that come After a while have arrived: the outcomes of
// those that did since the last Wait, in their order. It is for when no call is being
// made any more.
func (l *Late) Wait() []error {
	l.underway.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	outcomes := l.outcomes
	l.outcomes = nil
	return outcomes
}

// take takes charge of a request that has the fault.
func (l *Late) take(f Fault, send func() error) {
	if f.kind == lateHeld {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.held = append(l.held, send)
		return
	}
	l.underway.Go(func() {
		time.Sleep(f.wait)
		outcome := send()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.outcomes = append(l.outcomes, outcome)
	})
}
