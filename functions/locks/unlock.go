package locks

import (
	"context"
	"errors"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
)

// unlock frees an endpoint that was locked by lock. The old API knows no owners:
// anyone may. A lock that was left at an endpoint that is gone is freed too, though
// the answer is that there is no such endpoint.
func (s *Service) unlock(ctx context.Context, in endpointRequest) (done, error) {
	_, missing := s.Store.Endpoint(ctx, in.Endpoint)
	if missing != nil && (!errors.Is(missing, ErrEndpointNotFound) || checkName(in.Endpoint) != nil) {
		return done{}, inWords(missing, in.Endpoint)
	}
	err := s.Leases.Unlock(ctx, in.Endpoint)
	switch {
	case missing != nil:
		return done{}, inWords(missing, in.Endpoint)
	case errors.Is(err, lease.ErrHeld):
		return done{}, failure.New(failure.Refused, "'%s' is locked by a lease", in.Endpoint)
	default:
		return done{}, inWords(err, in.Endpoint)
	}
}
