package locks

import (
	"context"
	"errors"

	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

type releaseRequest struct {
	Secret string `header:"Lease"`
}

// Validate says which field is wrong.
func (r releaseRequest) Validate() error { return checkSecret(r.Secret) }

// nothing is an answer without a body.
type nothing struct{}

// Success implements operation.Outcome.
func (nothing) Success() operation.Success { return operation.Empty }

// release gives a lease up, granted or waiting. Where there is none the id is given
// up: an acquire that is still on its way must not take it when nobody wants it any
// more.
func (s *Service) release(ctx context.Context, in releaseRequest) (nothing, error) {
	err := s.Leases.Release(ctx, in.Secret)
	if errors.Is(err, lease.ErrNotFound) {
		switch used := s.Store.UseID(ctx, lease.PublicID(in.Secret), 0); {
		case errors.Is(used, ErrIDUsed): // before, or just now: then it stands by now
			err = s.Leases.Release(ctx, in.Secret)
		case used != nil:
			return nothing{}, used
		}
	}
	return nothing{}, ofLease(err)
}
