package locks

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

type acquireRequest struct {
	Secret string `header:"Lease"` // none: the server draws one
	Body   struct {
		Endpoints []string `json:"endpoints"`
		Owner     string   `json:"owner"`
		TTL       *int64   `json:"ttl_ms"`
		Wait      *int64   `json:"wait_ms"` // none: 0
	} `body:"json"`
}

// Validate says which field is wrong.
func (r acquireRequest) Validate() error {
	if r.Secret != "" {
		if err := checkSecret(r.Secret); err != nil {
			return err
		}
	}
	if err := checkTTL(r.Body.TTL); err != nil {
		return err
	}
	if err := checkWait(r.Body.Wait); err != nil {
		return err
	}
	if err := checkText("owner", r.Body.Owner); err != nil {
		return err
	}
	return checkEndpoints(r.Body.Endpoints)
}

// checkText checks a field that says who somebody is, for people to read.
func checkText(field, text string) error {
	if len(text) > lease.MaxOwnerBytes {
		return failure.InvalidField(field, "%s has %d bytes; at most %d are allowed", field, len(text), lease.MaxOwnerBytes)
	}
	for _, r := range text {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return failure.InvalidField(field, "%s is text without control characters", field)
		}
	}
	return nil
}

func checkEndpoints(endpoints []string) error {
	if len(endpoints) == 0 || len(endpoints) > MaxEndpoints {
		return failure.InvalidField("endpoints", "endpoints must name 1 to %d endpoints, not %d", MaxEndpoints, len(endpoints))
	}
	seen := make(map[string]bool, len(endpoints))
	for _, name := range endpoints {
		if seen[name] {
			return failure.InvalidField("endpoints", "endpoints names '%s' twice", name)
		}
		seen[name] = true
	}
	return nil
}

func (r acquireRequest) request() lease.Request {
	return lease.Request{Secret: r.Secret, Keys: r.Body.Endpoints, Owner: r.Body.Owner, TTL: milliseconds(r.Body.TTL, 0)}
}

// inTheWay is what a refusal tells of who is in the way.
type inTheWay struct {
	Endpoint  string `json:"endpoint"`
	Owner     string `json:"owner"`
	ExpiresAt string `json:"expires_at,omitzero"` // none: it has no end
}

// acquire leases endpoints, all or none: at once, or after waiting in line. It can be
// repeated with the same secret id, until that is given up.
func (s *Service) acquire(ctx context.Context, in acquireRequest) (leaseAnswer, error) {
	if err := s.checkKnown(ctx, in.Body.Endpoints); err != nil {
		return leaseAnswer{}, err
	}
	chosen := in.Secret != ""
	if !chosen {
		in.Secret = lease.NewSecret()
	}
	status, err := s.enter(ctx, in, chosen)
	mine := status
	if err == nil && chosen {
		err = s.Store.UseID(ctx, status.Entry.ID, status.Entry.Ticket)
	}
	if err == nil && status.Granted && !status.Entry.Expires.After(time.Now()) { // a repeat that comes late
		status, err = s.Leases.Renew(ctx, in.Secret, milliseconds(in.Body.TTL, 0))
	}
	if wait := milliseconds(in.Body.Wait, 0); err == nil && wait > 0 {
		status, err = s.Leases.Await(ctx, in.Secret, wait)
	}
	if err != nil {
		return leaseAnswer{}, refused(s.giveUp(ctx, mine, chosen, err))
	}
	return answerOf(in.Secret, status, operation.Created, operation.Accepted), nil
}

// sameKeys says whether a lease's keys, which are ascending, are the endpoints.
func sameKeys(keys, endpoints []string) bool {
	return slices.Equal(keys, slices.Sorted(slices.Values(endpoints)))
}

// checkKnown says which of the endpoints nobody knows.
func (s *Service) checkKnown(ctx context.Context, endpoints []string) error {
	known, err := s.Store.Endpoints(ctx)
	if err != nil {
		return err
	}
	for _, name := range endpoints {
		if _, ok := known[name]; !ok {
			return notFound(name)
		}
	}
	return nil
}

// enter puts the request in line, or takes what it wants at once if it does not wait.
func (s *Service) enter(ctx context.Context, in acquireRequest, chosen bool) (status lease.Status, err error) {
	request := in.request()
	request.Repeatable = chosen
	if milliseconds(in.Body.Wait, 0) == 0 {
		status, err = s.Leases.TryStatus(ctx, request)
	} else {
		status, err = s.Leases.Enqueue(ctx, request)
	}
	if err == nil && !sameKeys(status.Entry.Keys, in.Body.Endpoints) { // it stands already, on others
		return status, ErrIDUsed
	}
	return status, err
}

// giveUpTime is how long is tried to remove what waits for a caller that gets an
// error; after that it expires by itself.
const giveUpTime = 5 * time.Second

// giveUp removes what this call has put in line and answers with an error, and returns
// the error. A caller with an id of its own that has hung up may be repeating the
// request already, and then finds its place: it is left to that, or to expire.
func (s *Service) giveUp(ctx context.Context, mine lease.Status, chosen bool, err error) error {
	if !mine.Added || chosen && errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveUpTime)
	defer cancel()
	if removed := s.Leases.Withdraw(ctx, mine.Entry); removed != nil && !errors.Is(removed, lease.ErrNotFound) {
		return errors.Join(err, removed)
	}
	return err
}

// refused turns the error of an acquire into one to show.
func refused(err error) error {
	var held *lease.HeldError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // while it waited for whoever is in the way
		return err
	case errors.As(err, &held):
		way := inTheWay{Endpoint: held.Key, Owner: held.Owner}
		if !held.Until.IsZero() {
			way.ExpiresAt = Timestamp(held.Until)
		}
		return &failure.Error{Code: failure.Conflict, Message: "'" + held.Key + "' is already locked", Details: way, Err: err}
	case errors.Is(err, lease.ErrNotFound): // evicted or broken while it waited; 404 is for an endpoint that nobody knows
		return gone()
	case errors.Is(err, ErrIDUsed), errors.Is(err, lease.ErrBuried):
		return &failure.Error{Code: failure.Gone, Message: "the lease's id was used before", Err: err}
	default:
		return ofLease(err)
	}
}
