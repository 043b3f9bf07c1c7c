package locks

import (
	"cmp"
	"context"
	"log/slog"

	"lockstep/shared/failure"
)

type breakRequest struct {
	ID       string `path:"id"`
	Signer   string `signer:""`
	Operator string `header:"X-Operator"`
}

// Validate says which field is wrong.
func (r breakRequest) Validate() error {
	if r.Signer == "" && r.Operator == "" {
		return failure.InvalidField("X-Operator", "the header X-Operator is missing: who breaks the lease")
	}
	return checkText("X-Operator", r.Operator)
}

// broken is what an operator is told of the lease that was broken.
type broken struct {
	ID        string   `json:"id"`
	Owner     string   `json:"owner"`
	Endpoints []string `json:"endpoints"`
	Token     int64    `json:"token"`
}

// breakLease ends somebody's lease. Operators only. Its holder learns it with its
// next renewal, and at once where it reads or writes.
func (s *Service) breakLease(ctx context.Context, in breakRequest) (broken, error) {
	e, err := s.Leases.Break(ctx, in.ID)
	if err != nil {
		return broken{}, ofLease(err)
	}
	slog.WarnContext(ctx, "lease broken", "operation", "break", "by", cmp.Or(in.Signer, in.Operator),
		"id", e.ID, "owner", e.Owner, "endpoints", e.Keys, "token", e.Ticket)
	return broken{ID: e.ID, Owner: e.Owner, Endpoints: e.Keys, Token: e.Ticket}, nil
}
