package syncquery

import (
	"context"
	"errors"
	"fmt"
)

// Errors of a Server's calls.
var (
	ErrAlreadyLocked     = errors.New("the endpoint is already locked")
	ErrAlreadyUnlocked   = errors.New("the endpoint is already unlocked")
	ErrNotLocked         = errors.New("the endpoint must be locked to read its resources")
	ErrEndpointNotFound  = errors.New("the endpoint is unknown")
	ErrResourceNotServed = errors.New("the endpoint does not serve the resource")

	// ErrNotDone: the server answered that it failed before any effect (500, 503, 429).
	ErrNotDone = errors.New("the server did nothing")
	// ErrUnreachable: there is no server at the address. It is no use to try again.
	ErrUnreachable = errors.New("the server can't be reached")
	// ErrAnswerLost: no answer came, so that the effect is unknown.
	ErrAnswerLost = errors.New("the answer was lost")
)

// ErrLockLost says that somebody else freed a lock of ours while we read under
// it, so that the reading was not of one moment.
var ErrLockLost = errors.New("a lock was freed by somebody else")

// UnknownResourceError is the error of a query that names a resource which no
// endpoint serves.
type UnknownResourceError struct{ Resource int64 }

func (e *UnknownResourceError) Error() string {
	return fmt.Sprintf("no endpoint serves the resource %d", e.Resource)
}

// UnknownResourcesError is a server's word that nobody serves these resources.
type UnknownResourcesError struct{ Resources []int64 }

func (e *UnknownResourcesError) Error() string {
	return fmt.Sprintf("no endpoint serves the resources %v", e.Resources)
}

// passing are the errors that another try may not meet.
var passing = []error{
	ErrAlreadyLocked, ErrNotLocked, ErrEndpointNotFound, ErrResourceNotServed,
	ErrNotDone, ErrAnswerLost, ErrLockLost, errGivenUp,
}

func passes(err error) bool {
	for _, p := range passing {
		if errors.Is(err, p) {
			return true
		}
	}
	return false
}

// gaveUp is the error of a query whose context ended: it says what stood in the
// way last, if anything did.
func gaveUp(ctx context.Context, last error) error {
	if last == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w; last: %w", context.Cause(ctx), last)
}

// errGivenUp is the error of a reading that ended before it was through, and says
// nothing.
var errGivenUp = errors.New("given up")
