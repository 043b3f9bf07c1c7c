package locks

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
)

type resourceRequest struct {
	Endpoint string `path:"endpoint"`
	ID       string `path:"id"`
	Secret   string `header:"Lease"` // of the lease to read under; none: the old API
}

type resourceState struct {
	State string `json:"state"`
}

// resource reads a resource's state through a locked endpoint, or under a lease on
// it. It checks, in this order, that the endpoint is known, serves the id and is
// locked; then it takes the read time.
func (s *Service) resource(ctx context.Context, in resourceRequest) (resourceState, error) {
	served, err := s.Store.Endpoint(ctx, in.Endpoint)
	if err != nil {
		return resourceState{}, inWords(err, in.Endpoint)
	}
	id, ok := parseID(in.ID)
	if !ok || !slices.Contains(served, id) {
		return resourceState{}, failure.New(failure.NotFound, "'%s' does not expose resource '%s'", in.Endpoint, in.ID)
	}
	token, err := s.mayRead(ctx, in)
	if err != nil {
		return resourceState{}, err
	}
	state, err := s.read(ctx, id, token)
	if errors.Is(err, ErrOutdated) {
		return resourceState{}, outdated(token)
	}
	return resourceState{State: state}, err
}

// mayRead returns the fencing token to read with, 0 under a lock of the old API.
func (s *Service) mayRead(ctx context.Context, in resourceRequest) (token int64, err error) {
	view, err := s.Leases.View(ctx)
	if err != nil {
		return 0, err
	}
	if in.Secret == "" {
		if !view.Locked(in.Endpoint, time.Now()) {
			return 0, failure.New(failure.Refused, "'%s' must be locked to access its state", in.Endpoint)
		}
		return 0, nil
	}
	e, stands := view.Find(lease.PublicID(in.Secret))
	if !stands || !view.Granted(e) || !slices.Contains(e.Keys, in.Endpoint) {
		return 0, failure.New(failure.Refused, "the lease does not hold '%s'", in.Endpoint)
	}
	return e.Ticket, nil
}

// read takes the read time, and reads the state: with a token, so that nobody whose
// lease is older can change it any more.
func (s *Service) read(ctx context.Context, id, token int64) (string, error) {
	if err := sleep(ctx, s.ReadTime); err != nil {
		return "", err
	}
	if token == 0 {
		return s.Store.State(ctx, id)
	}
	return s.Store.ReadState(ctx, id, token)
}

// parseID reads a resource id: decimal digits and nothing else.
func parseID(text string) (id int64, ok bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
