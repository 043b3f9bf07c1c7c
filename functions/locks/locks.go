// Package locks is the service of lockable endpoints with resources. One file is
// one operation; operations.go lists them. The package knows neither AWS nor
// HTTP: the store on DynamoDB is in dynamo, the entry point of the Lambda
// functions in lambda.
package locks

import (
	"errors"
	"time"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
)

// Service holds what the operations share. Safe for concurrent use.
type Service struct {
	Store     Store
	Leases    *lease.Leaser // of the registry's namespace; its keys are the endpoints' names
	ReadTime  time.Duration // how long reading a resource's state takes; 0 or more
	LockLimit time.Duration // how long a lock of the old API lasts; 0: for ever
}

// endpointRequest is a request that names nothing but an endpoint.
type endpointRequest struct {
	Endpoint string `path:"endpoint"`
}

// done is the answer of an operation that has nothing to tell: {}.
type done struct{}

// notFound is that there is no such endpoint, in the contract's words.
func notFound(endpoint string) error {
	return failure.New(failure.NotFound, "'%s' not found", endpoint)
}

// inWords turns an error about an endpoint into the contract's words.
func inWords(err error, endpoint string) error {
	switch {
	case errors.Is(err, ErrEndpointNotFound):
		return notFound(endpoint)
	case errors.Is(err, lease.ErrHeld):
		return failure.New(failure.Refused, "'%s' is already locked", endpoint)
	case errors.Is(err, lease.ErrNotLocked):
		return failure.New(failure.Refused, "'%s' is already unlocked", endpoint)
	default:
		return ofLease(err)
	}
}

// queueRetry is when to come back to a full queue.
const queueRetry = time.Second

// ofLease turns an error of leases that any operation can meet into one to show.
func ofLease(err error) error {
	switch {
	case errors.Is(err, lease.ErrBusy):
		return &failure.Error{Code: failure.Busy, Message: "too many hold or wait for leases", RetryAfter: queueRetry, Err: err}
	case errors.Is(err, lease.ErrNotFound):
		return &failure.Error{Code: failure.NotFound, Message: "there is no such lease, or not any more", Err: err}
	case errors.Is(err, lease.ErrUnknown):
		return &failure.Error{Code: failure.Upstream, Message: "the store did not answer; whether it was done is unknown", Err: err}
	default:
		return err
	}
}
