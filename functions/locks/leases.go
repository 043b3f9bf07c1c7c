package locks

import (
	"context"
	"time"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

type leasesRequest struct {
	Secret string `header:"Lease"`  // whose lease; none: all are listed
	Wait   *int64 `query:"wait_ms"` // with Lease; none: 0
	Limit  *int64 `query:"limit"`   // of a page; none: DefaultPage
	Cursor *int64 `query:"cursor"`  // where the page before ended
}

// Sizes of a page of leases.
const (
	DefaultPage = 100
	MaxPage     = 1000
)

// Validate says which field is wrong.
func (r leasesRequest) Validate() error {
	switch {
	case r.Limit != nil && (*r.Limit < 1 || *r.Limit > MaxPage):
		return failure.InvalidField("limit", "limit must be from 1 to %d", MaxPage)
	case r.Cursor != nil && *r.Cursor < 0:
		return failure.InvalidField("cursor", "cursor must be what the page before named")
	case r.Secret != "":
		if err := checkSecret(r.Secret); err != nil {
			return err
		}
	}
	return checkWait(r.Wait)
}

// listed is a lease as everybody may see it.
type listed struct {
	ID        string   `json:"id"`
	Owner     string   `json:"owner"`
	Endpoints []string `json:"endpoints"`
	Token     int64    `json:"token"`
	AgeMs     int64    `json:"age_ms"`
	ExpiresAt string   `json:"expires_at"`
	Place     int      `json:"place"` // how many are before it; 0: it is granted
}

// page is a page of all leases, and with the first one all locks of the old API.
type page struct {
	Leases []listed     `json:"leases"`
	Locks  []lockListed `json:"locks,omitzero"`
	Cursor int64        `json:"cursor,omitzero"` // of the next page, if there is one
}

// lockListed is a lock of the old API, which has no owner.
type lockListed struct {
	Endpoint  string `json:"endpoint"`
	Token     int64  `json:"token"`
	AgeMs     int64  `json:"age_ms"`
	ExpiresAt string `json:"expires_at,omitzero"` // none: it has no end
}

// leases tells the holder of a lease how it stands, and keeps one that waits alive;
// without the header Lease it lists every lease, by token.
func (s *Service) leases(ctx context.Context, in leasesRequest) (any, error) {
	if in.Secret == "" {
		return s.list(ctx, in)
	}
	status, err := s.Leases.Await(ctx, in.Secret, milliseconds(in.Wait, 0))
	if err != nil {
		return nil, ofLease(err)
	}
	return answerOf(in.Secret, status, operation.Done, operation.Done), nil
}

func (s *Service) list(ctx context.Context, in leasesRequest) (page, error) {
	view, err := s.Leases.View(ctx)
	if err != nil {
		return page{}, err
	}
	limit, after := int64(DefaultPage), int64(0)
	if in.Limit != nil {
		limit = *in.Limit
	}
	if in.Cursor != nil {
		after = *in.Cursor
	}
	answer := page{Leases: []listed{}}
	if after == 0 {
		answer.Locks = locksIn(view)
	}
	for _, e := range view.Entries {
		switch {
		case e.Ticket <= after || e.IsLock():
		case int64(len(answer.Leases)) == limit:
			answer.Cursor = answer.Leases[limit-1].Token
			return answer, nil
		default:
			answer.Leases = append(answer.Leases, listing(view, e))
		}
	}
	return answer, nil
}

func locksIn(view lease.View) (all []lockListed) {
	for _, e := range view.Entries {
		if !e.IsLock() {
			continue
		}
		l := lockListed{Endpoint: e.Keys[0], Token: e.Ticket, AgeMs: age(e)}
		if !e.Expires.IsZero() {
			l.ExpiresAt = Timestamp(e.Expires)
		}
		all = append(all, l)
	}
	return all
}

func age(e lease.Entry) int64 { return max(0, time.Since(e.Since).Milliseconds()) }

func listing(view lease.View, e lease.Entry) listed {
	return listed{
		ID: e.ID, Owner: e.Owner, Endpoints: e.Keys, Token: e.Ticket,
		AgeMs: age(e), ExpiresAt: Timestamp(e.Expires), Place: len(view.Ahead(e)),
	}
}
