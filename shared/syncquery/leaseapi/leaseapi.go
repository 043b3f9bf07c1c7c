// Package leaseapi speaks our own server's HTTP API, which knows owners, waiting and
// the whole synchronized query, over any transport; and, where it finds an old
// server, the old API. It finds out by itself which one it has.
package leaseapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/oldapi"
)

// Client implements syncquery.Server, and syncquery.Together against our own server.
// Safe for concurrent use.
type Client struct {
	*oldapi.Client
}

var _ syncquery.Together = Client{}

// New returns a client over the transport.
func New(transport oldapi.Transport) Client { return Client{oldapi.New(transport)} }

// ReadsTogether implements syncquery.Together: it asks for our health, which old
// servers don't have.
func (c Client) ReadsTogether(ctx context.Context) (bool, error) {
	// An old server may answer 500 to a path that it does not know; ours never does here.
	body, err := c.Call(ctx, oldapi.Request{Method: "GET", Path: "/health"}, map[int]error{500: errNotOurs})
	switch {
	case errors.Is(err, syncquery.ErrUnreachable), errors.Is(err, syncquery.ErrNotDone), errors.Is(err, syncquery.ErrAnswerLost):
		return false, err
	case err != nil:
		return false, nil //nolint:nilerr // an answer, but not ours
	}
	var health struct {
		Status  string `json:"status"`
		Version string `json:"version"`
	}
	return json.Unmarshal(body, &health) == nil && health.Status != "" && health.Version != "", nil
}

var errNotOurs = errors.New("not a server of ours")

// maxWait is how long our server waits for endpoints at most.
const maxWait = 25 * time.Second

// ReadTogether implements syncquery.Together: one POST /query.
func (c Client) ReadTogether(ctx context.Context, ids []int64, wait time.Duration) (map[int64]string, error) {
	body, err := json.Marshal(map[string]any{"resources": ids, "wait_ms": min(wait, maxWait).Milliseconds()})
	if err != nil {
		return nil, err
	}
	answer, err := c.Call(ctx, oldapi.Request{Method: "POST", Path: "/query", Body: body}, map[int]error{404: errUnknownIDs})
	if errors.Is(err, errUnknownIDs) {
		return nil, unknownIDs(answer, err)
	}
	if err != nil {
		return nil, err
	}
	var reading struct {
		States    map[int64]string `json:"states"`
		Endpoints []string         `json:"endpoints"`
	}
	if err := json.Unmarshal(answer, &reading); err != nil {
		return nil, fmt.Errorf("POST /query: the answer is not a reading: %w", err)
	}
	c.CountLocks(len(reading.Endpoints))
	return reading.States, nil
}

var errUnknownIDs = errors.New("no endpoint serves some of the resources")

// unknownIDs reads which of a query's ids nobody serves.
func unknownIDs(body []byte, err error) error {
	var answer struct {
		Resources []int64 `json:"resources"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Resources) == 0 {
		return err
	}
	return &syncquery.UnknownResourcesError{Resources: answer.Resources}
}

// Lease is somebody's lease, as everybody may see it.
type Lease struct {
	ID        string   `json:"id"`
	Owner     string   `json:"owner"`
	Endpoints []string `json:"endpoints"`
	Token     int64    `json:"token"`
	AgeMs     int64    `json:"age_ms"`
	ExpiresAt string   `json:"expires_at"`
	Place     int      `json:"place"` // how many are before it; 0: it is granted
}

// Lock is a lock of the old API, which has no owner.
type Lock struct {
	Endpoint  string `json:"endpoint"`
	Token     int64  `json:"token"`
	AgeMs     int64  `json:"age_ms"`
	ExpiresAt string `json:"expires_at"` // empty: it has no end
}

// Leases lists every lease, by token, and every lock of the old API.
func (c Client) Leases(ctx context.Context) (all []Lease, locks []Lock, err error) {
	for cursor := int64(0); ; {
		body, err := c.Call(ctx, oldapi.Request{Method: "GET", Path: "/leases?cursor=" + strconv.FormatInt(cursor, 10)}, nil)
		if err != nil {
			return nil, nil, err
		}
		var page struct {
			Leases []Lease `json:"leases"`
			Locks  []Lock  `json:"locks"`
			Cursor int64   `json:"cursor"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, nil, fmt.Errorf("GET /leases: the answer is not a list of leases: %w", err)
		}
		all, locks = append(all, page.Leases...), append(locks, page.Locks...)
		if page.Cursor == 0 {
			return all, locks, nil
		}
		cursor = page.Cursor
	}
}

// ErrLeaseNotFound says that no lease has that id, or not any more.
var ErrLeaseNotFound = errors.New("there is no such lease, or not any more")

// Break ends the lease of the public id, in the name of an operator.
func (c Client) Break(ctx context.Context, id, operator string) (Lease, error) {
	body, err := c.Call(ctx, oldapi.Request{
		Method: "POST", Path: "/leases/" + url.PathEscape(id) + "/break", Header: map[string]string{"X-Operator": operator},
	}, map[int]error{404: ErrLeaseNotFound})
	if err != nil {
		return Lease{}, err
	}
	var broken Lease
	return broken, json.Unmarshal(body, &broken)
}
