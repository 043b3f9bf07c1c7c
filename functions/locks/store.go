package locks

import (
	"context"
	"errors"
)

// Errors of a Store. The operations turn them into the words of the contract.
var (
	ErrEndpointNotFound = errors.New("endpoint not found")
	ErrAlreadyLocked    = errors.New("endpoint is already locked")
	ErrAlreadyUnlocked  = errors.New("endpoint is already unlocked")
)

// Endpoint is one lockable endpoint as the registry shows it.
type Endpoint struct {
	Locked    bool    `json:"locked"`
	Resources []int64 `json:"resources"` // ascending, without repetition
}

// Store is what the service needs of a store. Implementations are safe for
// concurrent use; every write can be repeated without harm.
type Store interface {
	// Registry returns every endpoint by name. All Locked flags are of one moment.
	Registry(ctx context.Context) (map[string]Endpoint, error)

	// Endpoint returns one endpoint.
	// Errors: ErrEndpointNotFound.
	Endpoint(ctx context.Context, name string) (Endpoint, error)

	// PutEndpoint adds an endpoint, or replaces what it serves.
	// Errors: ErrAlreadyLocked.
	PutEndpoint(ctx context.Context, name string, resources []int64) error

	// DeleteEndpoint removes an endpoint. The states of its resources stay.
	// Errors: ErrEndpointNotFound, ErrAlreadyLocked.
	DeleteEndpoint(ctx context.Context, name string) error

	// Lock takes the endpoint's lock, which has no owner and no end.
	// Errors: ErrEndpointNotFound, ErrAlreadyLocked.
	Lock(ctx context.Context, name string) error

	// Unlock frees the endpoint, whoever locked it.
	// Errors: ErrEndpointNotFound, ErrAlreadyUnlocked.
	Unlock(ctx context.Context, name string) error

	// State returns what was last written to the resource, InitialState if nothing
	// ever was. It belongs to the id, whichever endpoints serve it.
	State(ctx context.Context, resource int64) (string, error)

	// Events returns, in order, at most limit of the events after seq. They are kept
	// for EventsKept, or as many of them as the store says.
	Events(ctx context.Context, seq int64, limit int) ([]Event, error)

	// LastEvent returns the seq of the last event, 0 before the first.
	LastEvent(ctx context.Context) (seq int64, err error)
}

// InitialState is the state of a resource that nobody has written yet.
const InitialState = "initial"
