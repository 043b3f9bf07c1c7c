package locks

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"lockstep/shared/failure"
)

type resourceRequest struct {
	Endpoint string `path:"endpoint"`
	ID       string `path:"id"`
}

type resourceState struct {
	State string `json:"state"`
}

// resource reads a resource's state through a locked endpoint. It checks, in this
// order, that the endpoint is known, serves the id and is locked; then it takes
// the read time.
func (s *Service) resource(ctx context.Context, in resourceRequest) (resourceState, error) {
	e, err := s.Store.Endpoint(ctx, in.Endpoint)
	if err != nil {
		return resourceState{}, inWords(err, in.Endpoint)
	}
	id, ok := parseID(in.ID)
	if !ok || !slices.Contains(e.Resources, id) {
		return resourceState{}, failure.New(failure.NotFound, "'%s' does not expose resource '%s'", in.Endpoint, in.ID)
	}
	if !e.Locked {
		return resourceState{}, failure.New(failure.Refused, "'%s' must be locked to access its state", in.Endpoint)
	}
	if err := sleep(ctx, s.ReadTime); err != nil {
		return resourceState{}, err
	}
	state, err := s.Store.State(ctx, id)
	return resourceState{State: state}, err
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
