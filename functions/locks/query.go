package locks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"lockstep/shared/failure"
	"lockstep/shared/lease"
	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/overlease"
)

// Limits of a query.
const (
	MaxQueried       = 1000 // resources
	DefaultQueryWait = 10 * time.Second
)

// How a query holds its endpoints and reads.
const (
	queryTTL     = 5 * time.Second
	queryOwner   = "query"
	readsAtATime = 128
)

type queryRequest struct {
	Client string `header:"X-Client"` // shown as the lease's owner
	Body   struct {
		Resources []int64 `json:"resources"`
		Wait      *int64  `json:"wait_ms"` // none: DefaultQueryWait
	} `body:"json"`
}

// Validate says which field is wrong.
func (r queryRequest) Validate() error {
	ids := r.Body.Resources
	if len(ids) == 0 || len(ids) > MaxQueried {
		return failure.InvalidField("resources", "resources must name 1 to %d ids, not %d", MaxQueried, len(ids))
	}
	for i, id := range ids {
		if id < 0 || id > MaxResource {
			return failure.InvalidField("resources["+strconv.Itoa(i)+"]", "resources has the id %d; ids go from 0 to 2^53-1", id)
		}
	}
	return checkWait(r.Body.Wait)
}

// reading is the answer to a query.
type reading struct {
	States    map[int64]string `json:"states"`
	Endpoints []string         `json:"endpoints"`
	Token     int64            `json:"token"`
	ReadAt    string           `json:"read_at"`
}

// unknownResources is what a refusal tells of ids that nobody serves.
type unknownResources struct {
	Resources []int64 `json:"resources"`
}

// query reads resources in one moment, next to the data: it leases a cover of them,
// reads each once, all at the same time, and then makes sure that the lease still
// stands, so that all values held together when the last one was read.
func (s *Service) query(ctx context.Context, in queryRequest) (reading, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(in.Body.Resources)))
	until := time.Now().Add(milliseconds(in.Body.Wait, DefaultQueryWait))
	owner := queryOwner
	if checkText("X-Client", in.Client) == nil && in.Client != "" {
		owner = in.Client
	}
	for {
		chosen, err := s.plan(ctx, ids)
		if err != nil {
			return reading{}, err
		}
		answer, err := s.together(ctx, until, owner, chosen, ids)
		switch {
		case err == nil:
			return answer, nil
		case errors.Is(err, lease.ErrWaited), errors.Is(err, lease.ErrHeld):
			return reading{}, contended(err)
		case !again(err):
			return reading{}, ofLease(err)
		case ctx.Err() == nil && !time.Now().Before(until): // there is no time for another one
			return reading{}, contended(err)
		}
	}
}

// again says whether a reading was thrown away for a reason that may pass: its lease
// was lost on the way.
func again(err error) bool {
	return errors.Is(err, lease.ErrExpired) || errors.Is(err, lease.ErrBroken) || errors.Is(err, ErrOutdated)
}

func contended(err error) error {
	message := "others hold the endpoints"
	var held *lease.HeldError
	if errors.As(err, &held) {
		message = fmt.Sprintf("'%s' is held by others", held.Key)
	}
	return &failure.Error{Code: failure.Busy, Message: message + "; not granted in time", RetryAfter: queueRetry, Err: err}
}

// plan chooses the endpoints to read at: few, and around those that the old API has
// locked, since nobody knows for how long.
func (s *Service) plan(ctx context.Context, ids []int64) ([]syncquery.Endpoint, error) {
	served, err := s.Store.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	view, err := s.Leases.View(ctx)
	if err != nil {
		return nil, err
	}
	var all []syncquery.Endpoint
	for _, name := range slices.Sorted(maps.Keys(served)) {
		all = append(all, syncquery.Endpoint{Name: name, Resources: served[name], Locked: view.Locked(name, time.Now())})
	}
	chosen, homeless := syncquery.CoverAround(all, ids, func(e syncquery.Endpoint) bool { return e.Locked })
	if len(homeless) > 0 {
		return nil, unserved(homeless)
	}
	if len(chosen) > MaxEndpoints {
		return nil, failure.InvalidField("resources", "resources are behind %d endpoints; at most %d can be leased at once", len(chosen), MaxEndpoints)
	}
	return chosen, nil
}

// unserved is that nobody serves these resources.
func unserved(ids []int64) error {
	return &failure.Error{Code: failure.NotFound, Message: "no endpoint serves " + listOf(ids), Details: unknownResources{ids}}
}

func listOf(ids []int64) string {
	text := ""
	for i, id := range ids {
		if i == 10 {
			return text + fmt.Sprintf(" and %d more", len(ids)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += strconv.FormatInt(id, 10)
	}
	return text
}

// together makes one synchronized reading.
func (s *Service) together(ctx context.Context, until time.Time, owner string, chosen []syncquery.Endpoint, ids []int64) (reading, error) {
	reader := overlease.Reader{Leases: s.Leases, TTL: queryTTL, AtATime: readsAtATime, Read: func(ctx context.Context, id, token int64) (string, error) {
		state, err := s.read(ctx, id, token)
		if errors.Is(err, ErrPassed) { // by another query, through another endpoint: nothing was changed
			return state, nil
		}
		return state, err
	}}
	r, err := reader.Together(ctx, until, owner, chosen, ids)
	if err != nil {
		return reading{}, err
	}
	return reading{States: r.States, Endpoints: r.Endpoints, Token: r.Token, ReadAt: Timestamp(r.At)}, nil
}
