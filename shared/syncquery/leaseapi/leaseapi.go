// Package leaseapi speaks our own server's HTTP API, which knows owners, waiting and
// the whole synchronized query, over any transport; and, where it finds an old
// server, the old API. It finds out by itself which one it has.
package leaseapi

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/valyala/fastjson"

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
	health, err := fastjson.ParseBytes(body)
	return err == nil && len(health.GetStringBytes("status")) > 0 && len(health.GetStringBytes("version")) > 0, nil
}

var errNotOurs = errors.New("not a server of ours")

// maxWait is how long our server waits for endpoints at most.
const maxWait = 25 * time.Second

// ReadTogether implements syncquery.Together: one POST /query.
func (c Client) ReadTogether(ctx context.Context, ids []int64, wait time.Duration) (map[int64]string, error) {
	body := oldapi.AppendIDs([]byte(`{"resources":`), ids)
	body = strconv.AppendInt(append(body, `,"wait_ms":`...), min(wait, maxWait).Milliseconds(), 10)
	body = append(body, '}')
	answer, err := c.Call(ctx, oldapi.Request{Method: "POST", Path: "/query", Body: body}, map[int]error{404: errUnknownIDs})
	if errors.Is(err, errUnknownIDs) {
		return nil, unknownIDs(answer, err)
	}
	if err != nil {
		return nil, err
	}
	return c.parseReading(answer)
}

func (c Client) parseReading(body []byte) (map[int64]string, error) {
	reading, err := fastjson.ParseBytes(body)
	if err != nil {
		return nil, fmt.Errorf("POST /query: the answer is not a reading: %w", err)
	}
	states := map[int64]string{}
	reading.GetObject("states").Visit(func(key []byte, state *fastjson.Value) {
		id, wrong := strconv.ParseInt(string(key), 10, 64)
		if wrong != nil || state.Type() != fastjson.TypeString {
			err = fmt.Errorf("POST /query: the answer is not a reading: states[%q] is no state", key)
			return
		}
		states[id] = string(state.GetStringBytes())
	})
	if err != nil {
		return nil, err
	}
	c.CountLocks(len(reading.GetArray("endpoints")))
	return states, nil
}

var errUnknownIDs = errors.New("no endpoint serves some of the resources")

// unknownIDs reads which of a query's ids nobody serves.
func unknownIDs(body []byte, err error) error {
	answer, wrong := fastjson.ParseBytes(body)
	if wrong != nil || len(answer.GetArray("resources")) == 0 {
		return err
	}
	var ids []int64
	for _, id := range answer.GetArray("resources") {
		ids = append(ids, id.GetInt64())
	}
	return &syncquery.UnknownResourcesError{Resources: ids}
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
		page, err := fastjson.ParseBytes(body)
		if err != nil {
			return nil, nil, fmt.Errorf("GET /leases: the answer is not a list of leases: %w", err)
		}
		for _, lease := range page.GetArray("leases") {
			all = append(all, parseLease(lease))
		}
		for _, lock := range page.GetArray("locks") {
			locks = append(locks, Lock{
				Endpoint: string(lock.GetStringBytes("endpoint")), Token: lock.GetInt64("token"),
				AgeMs: lock.GetInt64("age_ms"), ExpiresAt: string(lock.GetStringBytes("expires_at")),
			})
		}
		if cursor = page.GetInt64("cursor"); cursor == 0 {
			return all, locks, nil
		}
	}
}

func parseLease(value *fastjson.Value) Lease {
	lease := Lease{
		ID: string(value.GetStringBytes("id")), Owner: string(value.GetStringBytes("owner")), Token: value.GetInt64("token"),
		AgeMs: value.GetInt64("age_ms"), ExpiresAt: string(value.GetStringBytes("expires_at")), Place: value.GetInt("place"),
	}
	for _, endpoint := range value.GetArray("endpoints") {
		lease.Endpoints = append(lease.Endpoints, string(endpoint.GetStringBytes()))
	}
	return lease
}

// ErrLeaseNotFound says that no lease has that id, or not any more.
var ErrLeaseNotFound = errors.New("there is no such lease, or not any more")

// Break ends the lease of the public id, in the name of an operator.
func (c Client) Break(ctx context.Context, id, operator string) (Lease, error) {
	body, err := c.Call(ctx, oldapi.Request{
		Method: "POST", Path: "/leases/" + oldapi.Escape(id) + "/break", Header: map[string]string{"X-Operator": operator},
	}, map[int]error{404: ErrLeaseNotFound})
	if err != nil {
		return Lease{}, err
	}
	broken, err := fastjson.ParseBytes(body)
	if err != nil {
		return Lease{}, fmt.Errorf("the answer is not a lease: %w", err)
	}
	return parseLease(broken), nil
}
