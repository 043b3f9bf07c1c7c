package locks

import (
	"context"
	"errors"

	"lockstep/shared/failure"
)

// lock takes an endpoint's lock, or says at once that it is taken. It never waits.
//
// The endpoint is looked for again once it is locked: it may have been deleted since
// it was first seen, and a lock on what is gone is nobody's to free.
func (s *Service) lock(ctx context.Context, in endpointRequest) (done, error) {
	if _, err := s.Store.Endpoint(ctx, in.Endpoint); err != nil {
		return done{}, inWords(err, in.Endpoint)
	}
	if _, err := s.Leases.Lock(ctx, in.Endpoint, s.LockLimit); err != nil {
		return done{}, inWords(err, in.Endpoint)
	}
	if _, err := s.Store.Endpoint(ctx, in.Endpoint); errors.Is(err, ErrEndpointNotFound) {
		return done{}, errors.Join(failure.Of(notFound(in.Endpoint)), s.Leases.Unlock(ctx, in.Endpoint))
	}
	return done{}, nil // if the second look failed, the first one stands
}
