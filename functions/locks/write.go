package locks

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
)

// Limits of a write.
const (
	MaxWritten    = 50   // resources of one write
	MaxStateBytes = 1000 // of one state
)

type writeRequest struct {
	Secret string `header:"Lease"`
	Token  string `header:"Fencing-Token"`
	Body   struct {
		States map[string]string `json:"states"`
	} `body:"json"`
}

// Validate says which field is wrong.
func (r writeRequest) Validate() error {
	if err := checkSecret(r.Secret); err != nil {
		return err
	}
	if token, ok := parseID(r.Token); !ok || token == 0 {
		return failure.InvalidField("Fencing-Token", "the header Fencing-Token must be the lease's token")
	}
	if len(r.Body.States) == 0 || len(r.Body.States) > MaxWritten {
		return failure.InvalidField("states", "states must be of 1 to %d resources, not %d", MaxWritten, len(r.Body.States))
	}
	for _, id := range slices.Sorted(maps.Keys(r.Body.States)) {
		state := r.Body.States[id]
		switch n, ok := parseID(id); {
		case !ok || n > MaxResource || strconv.FormatInt(n, 10) != id:
			return failure.InvalidField("states", "states has the id '%s'; ids go from 0 to 2^53-1", id)
		case len(state) > MaxStateBytes:
			return failure.InvalidField("states["+id+"]", "the state of %s has %d bytes; at most %d are allowed", id, len(state), MaxStateBytes)
		case !utf8.ValidString(state):
			return failure.InvalidField("states["+id+"]", "the state of %s is not valid UTF-8", id)
		}
	}
	return nil
}

func (r writeRequest) states() map[int64]string {
	states := make(map[int64]string, len(r.Body.States))
	for text, state := range r.Body.States {
		id, _ := parseID(text) // it was checked
		states[id] = state
	}
	return states
}

// write writes resources, all or none, under a lease on every endpoint that serves
// any of them. What keeps an outdated holder from writing is its fencing token, at
// the resources themselves and in the same transaction; that the lease is looked at
// before gives the better error.
func (s *Service) write(ctx context.Context, in writeRequest) (done, error) {
	served, err := s.Store.Endpoints(ctx)
	if err != nil {
		return done{}, err
	}
	view, err := s.Leases.View(ctx)
	if err != nil {
		return done{}, err
	}
	states := in.states()
	if unknown := nobodyServes(served, states); len(unknown) > 0 {
		return done{}, unserved(unknown)
	}
	token, _ := parseID(in.Token) // it was checked
	e, stands := view.Find(lease.PublicID(in.Secret))
	if !stands || e.Ticket != token {
		return done{}, failure.New(failure.PreconditionFailed, "the lease with token %d is gone", token)
	}
	if !view.Granted(e) {
		e.Keys = nil // it waits, and holds nothing
	}
	if missing := needed(served, states, e.Keys); len(missing) > 0 {
		return done{}, failure.New(failure.Refused, "the lease does not hold %s", quoted(missing))
	}
	if err := s.Store.WriteStates(ctx, token, states); errors.Is(err, ErrOutdated) {
		return done{}, outdated(token)
	} else if err != nil {
		return done{}, err
	}
	return done{}, nil
}

func outdated(token int64) error {
	return failure.New(failure.PreconditionFailed, "somebody with a higher fencing token than %d has been there", token)
}

// nobodyServes returns, ascending, the resources that no endpoint serves.
func nobodyServes(served map[string][]int64, states map[int64]string) (unknown []int64) {
	for id := range states {
		homeless := true
		for _, ids := range served {
			homeless = homeless && !slices.Contains(ids, id)
		}
		if homeless {
			unknown = append(unknown, id)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// needed returns the endpoints that serve any of the resources and are not held.
func needed(served map[string][]int64, states map[int64]string, held []string) (missing []string) {
	for name, ids := range served {
		serves := slices.ContainsFunc(ids, func(id int64) bool { _, wanted := states[id]; return wanted })
		if serves && !slices.Contains(held, name) {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}

func quoted(names []string) string { return "'" + strings.Join(names, "', '") + "'" }
