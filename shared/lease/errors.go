package lease

import (
	"errors"
	"fmt"
	"time"
)

// Errors of leases. They are also the causes with which a lease's context ends.
var (
	// ErrExpired: the lease was not renewed in time, by the store's word or by our clock.
	ErrExpired = errors.New("lease: expired")
	// ErrBroken: an operator broke the lease.
	ErrBroken = errors.New("lease: broken by an operator")
	// ErrUnreachable: the store could not be asked for so long that the lease may have
	// expired.
	ErrUnreachable = errors.New("lease: expired, as the store can't be reached")
	// ErrReleased: the holder released it.
	ErrReleased = errors.New("lease: released")
	// ErrNotFound: no entry of that id stands in the namespace, or not any more.
	ErrNotFound = errors.New("lease: no such lease, or not any more")
	// ErrBuried: the id was used before and given up; it can't be used again.
	ErrBuried = errors.New("lease: the id was used before")
	// ErrBusy: the namespace is full, or its table takes no more for now. Come back later,
	// or spread over more namespaces.
	ErrBusy = errors.New("lease: the namespace is full or throttled")
	// ErrHeld: somebody else holds a key, or waits for it. See HeldError.
	ErrHeld = errors.New("lease: held by somebody else")
	// ErrWaited: Request.Wait is over.
	ErrWaited = errors.New("lease: not granted in time")
)

// HeldError says who is in the way. It is ErrHeld.
type HeldError struct {
	Key   string
	ID    string // the public id of the lease that is in the way
	Owner string
	Until time.Time // when it expires unless it is renewed; zero: never
}

func (e *HeldError) Error() string {
	until := "without an end"
	if !e.Until.IsZero() {
		until = "until " + e.Until.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return fmt.Sprintf("lease: key %q is held by %q %s", e.Key, e.Owner, until)
}

// Is makes errors.Is(err, ErrHeld) true.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// held says that other is in the way of e.
func held(e, other Entry) *HeldError {
	return &HeldError{Key: e.sharedKey(other), ID: other.ID, Owner: other.Owner, Until: other.Expires}
}
