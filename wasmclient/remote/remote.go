// Package remote is what the clients of all services do alike: say how a call failed,
// and repeat what may be repeated.
package remote

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// Error is a call that has no answer to its question.
type Error struct {
	Code    string        // the service's name for it, "" where it has none
	Message string        // for people
	InDoubt bool          // it may have had its effect all the same
	Passing bool          // it may go better another time
	After   time.Duration // for how long the server wants to be left alone, 0 if it doesn't say
	Err     error         // the cause, if there is one
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Lost returns the error of a call that ended without an answer from the server where.
// Where a connection is refused there is no server, which waiting will not change.
func Lost(ctx context.Context, where string, err error) *Error {
	var network *net.OpError
	dialing := errors.As(err, &network) && network.Op == "dial"
	switch {
	case ctx.Err() != nil:
		return &Error{Message: fmt.Sprintf("%s: %v", where, context.Cause(ctx)), InDoubt: !dialing, Err: context.Cause(ctx)}
	case dialing:
		return &Error{Message: fmt.Sprintf("%s can't be reached: %v", where, network.Err), Passing: network.Timeout(), Err: err}
	default:
		return &Error{Message: fmt.Sprintf("%s: the answer is lost: %v", where, err), InDoubt: true, Passing: true, Err: err}
	}
}

// How long Repeat waits at most before the first repeat, and before any.
const (
	FirstWait   = 100 * time.Millisecond
	LongestWait = 5 * time.Second
)

// Repeat calls until there is an answer, an error that does not pass or may not be
// repeated, or ctx ends. Before each repeat it waits for a random time whose bound
// doubles from FirstWait to LongestWait ("full jitter": M. Brooker, Exponential Backoff
// and Jitter, AWS Architecture Blog, 2015), on top of what the server asks for. An error
// is InDoubt if that of any of the attempts was.
func Repeat[A any](ctx context.Context, may func(*Error) bool, call func() (A, error)) (A, error) {
	inDoubt := false
	for tries, bound := 1, FirstWait; ; tries, bound = tries+1, min(2*bound, LongestWait) {
		answer, err := call()
		var failed *Error
		if !errors.As(err, &failed) {
			return answer, err
		}
		last := *failed
		inDoubt = inDoubt || last.InDoubt
		last.InDoubt = inDoubt
		if !last.Passing || !may(&last) || !wait(ctx, last.After+rand.N(bound)) { //nolint:gosec // no secret
			if tries > 1 {
				last.Message = fmt.Sprintf("%s (tried %d times)", last.Message, tries)
			}
			return answer, &last
		}
	}
}

// Always lets Repeat repeat whatever passes.
func Always(*Error) bool { return true }

// wait waits, and says whether it is worth another try: not if ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	if end, ends := ctx.Deadline(); ends && time.Until(end) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
