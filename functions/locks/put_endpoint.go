package locks

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
)

// Limits of what an endpoint may be.
const (
	MaxNameBytes = 64        // of an endpoint's name
	MaxResources = 1000      // that one endpoint serves
	MaxResource  = 1<<53 - 1 // the largest id: JSON numbers are exact up to here
)

// reserved are the names that are routes of their own.
var reserved = []string{"registry", "leases", "resources", "query", "watch", "health"}

type putEndpointRequest struct {
	Endpoint string `path:"endpoint"`
	Body     struct {
		Resources []int64 `json:"resources"`
	} `body:"json"`
}

// Validate says which field is wrong.
func (r putEndpointRequest) Validate() error {
	if err := checkName(r.Endpoint); err != nil {
		return err
	}
	ids := r.Body.Resources
	if ids == nil {
		return failure.InvalidField("resources", "resources is missing: an array of integers, which may be empty")
	}
	if len(ids) > MaxResources {
		return failure.InvalidField("resources", "resources has %d ids; at most %d are allowed", len(ids), MaxResources)
	}
	seen := make(map[int64]bool, len(ids))
	for _, id := range ids {
		if id < 0 || id > MaxResource {
			return failure.InvalidField("resources", "resources has the id %d; ids go from 0 to 2^53-1", id)
		}
		if seen[id] {
			return failure.InvalidField("resources", "resources has the id %d twice", id)
		}
		seen[id] = true
	}
	return nil
}

func checkName(name string) error {
	switch {
	case name == "":
		return failure.InvalidField("endpoint", "an endpoint needs a name")
	case len(name) > MaxNameBytes:
		return failure.InvalidField("endpoint", "an endpoint's name has at most %d bytes", MaxNameBytes)
	case slices.Contains(reserved, name):
		return failure.InvalidField("endpoint", "'%s' is reserved and can't be an endpoint's name", name)
	case name == "." || name == ".." || strings.ContainsRune(name, '/'):
		return failure.InvalidField("endpoint", "an endpoint's name is one segment of a path, not '%s'", name)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return failure.InvalidField("endpoint", "an endpoint's name is UTF-8 without control characters")
	}
	return nil
}

// putEndpoint adds an endpoint or replaces what it serves. Operators only.
func (s *Service) putEndpoint(ctx context.Context, in putEndpointRequest) (done, error) {
	ids := slices.Clone(in.Body.Resources)
	slices.Sort(ids)
	return done{}, s.changing(ctx, in.Endpoint, func() error {
		return s.Store.PutEndpoint(ctx, in.Endpoint, ids)
	})
}

// How an operator's change holds its endpoint: a process that dies in the middle
// blocks it no longer than that.
const (
	operatorHold  = 30 * time.Second
	operatorOwner = "an operator's change"
)

// changing runs change while the endpoint is leased by us, so that nobody locks or
// leases what is about to be gone.
func (s *Service) changing(ctx context.Context, endpoint string, change func() error) error {
	held, err := s.Leases.Try(ctx, lease.Request{Keys: []string{endpoint}, Owner: operatorOwner, TTL: operatorHold})
	if errors.Is(err, lease.ErrHeld) {
		return failure.New(failure.Conflict, "'%s' is locked", endpoint)
	}
	if err != nil {
		return ofLease(err)
	}
	err = change()
	if freed := held.Release(ctx); err == nil {
		return ofLease(freed)
	}
	return err
}
