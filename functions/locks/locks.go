// Package locks is the service of lockable endpoints with resources. One file is
// one operation; operations.go lists them. The package knows neither AWS nor
// HTTP: the store on DynamoDB is in dynamo, the entry point of the Lambda
// functions in lambda.
package locks

import (
	"errors"
	"time"

	"lockstep/shared/failure"
)

// Service holds what the operations share. Safe for concurrent use.
type Service struct {
	Store    Store
	ReadTime time.Duration // how long reading a resource's state takes; 0 or more
}

// endpointRequest is a request that names nothing but an endpoint.
type endpointRequest struct {
	Endpoint string `path:"endpoint"`
}

// done is the answer of an operation that has nothing to tell: {}.
type done struct{}

// inWords turns an error of the store about an endpoint into the contract's words.
func inWords(err error, endpoint string) error {
	switch {
	case errors.Is(err, ErrEndpointNotFound):
		return failure.New(failure.NotFound, "'%s' not found", endpoint)
	case errors.Is(err, ErrAlreadyLocked):
		return failure.New(failure.Refused, "'%s' is already locked", endpoint)
	case errors.Is(err, ErrAlreadyUnlocked):
		return failure.New(failure.Refused, "'%s' is already unlocked", endpoint)
	default:
		return err
	}
}
