package locks

import (
	"context"
	"errors"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

type renewRequest struct {
	Secret string `header:"Lease"`
	Body   struct {
		TTL *int64 `json:"ttl_ms"`
	} `body:"json"`
}

// Validate says which field is wrong.
func (r renewRequest) Validate() error {
	if err := checkSecret(r.Secret); err != nil {
		return err
	}
	return checkTTL(r.Body.TTL)
}

// renew lets a lease last from now on, unless it does for longer already. It can't
// bring back one that was evicted or broken.
func (s *Service) renew(ctx context.Context, in renewRequest) (leaseAnswer, error) {
	status, err := s.Leases.Renew(ctx, in.Secret, milliseconds(in.Body.TTL, 0))
	if errors.Is(err, lease.ErrNotFound) {
		return leaseAnswer{}, gone()
	}
	if err != nil {
		return leaseAnswer{}, ofLease(err)
	}
	return answerOf(in.Secret, status, operation.Done, operation.Done), nil
}

// gone is that a lease ended that was to go on.
func gone() error {
	return failure.New(failure.Gone, "the lease is gone: released, evicted or broken")
}
