package lease

import (
	"context"
	"errors"
)

// Store keeps one namespace. Implementations are safe for concurrent use by any
// number of processes. They do no more than this; everything else is the Leaser's,
// and so the same on all of them.
type Store interface {
	// Read returns the namespace, the zero View if nothing was ever written. A read
	// that need not be consistent may return an earlier view.
	Read(ctx context.Context, consistent bool) (View, error)

	// Write makes all of the batch's changes in one step, if View.Allows it. It makes
	// as many attempts as are worth it. Errors: anything; one that is ErrUnknown if
	// the changes may have been made all the same.
	Write(ctx context.Context, b Batch) (Written, error)
}

// Written is the outcome of a write.
type Written struct {
	Done bool
	View View // after the write, or what stood in its way
	// Repeated tells that an earlier attempt went without an answer: what stood in
	// the way may be its doing, and it may still come.
	Repeated bool
}

// ErrUnknown marks a write of which nobody knows whether it was made.
var ErrUnknown = errors.New("lease: the store did not answer; whether it was done is unknown")
