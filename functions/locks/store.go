package locks

import (
	"context"
	"errors"
	"fmt"
)

// Errors of a Store. The operations turn them into the words of the contract.
var (
	ErrEndpointNotFound = errors.New("endpoint not found")
	ErrOutdated         = errors.New("somebody with a higher fencing token has been at the resource")
	ErrIDUsed           = errors.New("the lease's id was used before")

	// ErrPassed is an ErrOutdated: somebody with a higher token has been there, but only
	// to read.
	ErrPassed = fmt.Errorf("%w, to read", ErrOutdated)
)

// Store is what the service needs of a store beside the namespace of its leases.
// Implementations are safe for concurrent use; every write can be repeated without
// harm.
type Store interface {
	// Endpoints returns what every endpoint serves, by its name.
	Endpoints(ctx context.Context) (map[string][]int64, error)

	// Endpoint returns what one endpoint serves, ascending.
	// Errors: ErrEndpointNotFound.
	Endpoint(ctx context.Context, name string) ([]int64, error)

	// PutEndpoint adds an endpoint, or replaces what it serves.
	PutEndpoint(ctx context.Context, name string, resources []int64) error

	// DeleteEndpoint removes an endpoint. The states of its resources stay.
	DeleteEndpoint(ctx context.Context, name string) error

	// State returns what was last written to the resource, InitialState if nothing
	// ever was. It belongs to the id, whichever endpoints serve it.
	State(ctx context.Context, resource int64) (string, error)

	// ReadState is State for the holder of a lease, and leaves its fencing token at
	// the resource: from then on nobody with a lower one writes or reads there.
	// Errors: ErrOutdated; ErrPassed, with the state, which is right all the same.
	ReadState(ctx context.Context, resource, token int64) (string, error)

	// WriteStates writes all states, by resource, or none, for the holder of a lease.
	// Errors: ErrOutdated.
	WriteStates(ctx context.Context, token int64, states map[int64]string) error

	// UseID notes that a lease's public id was used, and of which token; 0 for one
	// that was given up. It is kept for IDsKept.
	// Errors: ErrIDUsed if it was used of another token.
	UseID(ctx context.Context, id string, token int64) error

	// Events returns, in order, at most limit of the events after seq. They are kept
	// for EventsKept, or as many of them as the store says.
	Events(ctx context.Context, seq int64, limit int) ([]Event, error)

	// LastEvent returns the seq of the last event, 0 before the first.
	LastEvent(ctx context.Context) (seq int64, err error)
}

// InitialState is the state of a resource that nobody has written yet.
const InitialState = "initial"
