package histories_test

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"lockstep/shared/operation"
)

// client does one thing after the other, with one process after the other.
type client struct {
	*process
	world *world
	id    int
	dice  *dice
}

func (c *client) name() string { return "client " + strconv.Itoa(c.id) }

// held is a lease as its holder was last told of it.
type held struct {
	Lease     string   `json:"lease"`
	Token     int64    `json:"token"`
	Endpoints []string `json:"endpoints"`
	Granted   bool     `json:"granted"`
}

func (h held) header() map[string]string { return map[string]string{"lease": h.Lease} }

// enqueue asks for a lease, under a secret id of the caller's or "". An answer that
// is lost is asked for again, if that can be done.
func (c *client) enqueue(secret string, endpoints []string, ttl, wait time.Duration) (h held, status int) {
	h.Lease = secret
	body := map[string]any{"endpoints": endpoints, "owner": c.name(), "ttl_ms": ttl.Milliseconds(), "wait_ms": wait.Milliseconds()}
	for range 3 {
		status = c.call("acquire", operation.Request{Header: map[string]string{"lease": secret}}, body, &h)
		if status < http.StatusInternalServerError || secret == "" {
			break
		}
	}
	return h, status
}

// await asks whether the lease is granted, for so long.
func (c *client) await(h *held, wait time.Duration) (status int) {
	poll := operation.Request{Header: h.header(), Query: map[string]string{"wait_ms": strconv.FormatInt(wait.Milliseconds(), 10)}}
	return c.call("leases", poll, nil, h)
}

// acquire acquires a lease or leaves nothing behind, as far as it can.
func (c *client) acquire(secret string, endpoints []string, ttl, wait time.Duration) (h held, granted bool) {
	h, status := c.enqueue(secret, endpoints, ttl, wait)
	if status == http.StatusAccepted {
		status = c.await(&h, wait)
	}
	if status >= http.StatusMultipleChoices || !h.Granted {
		c.release(h)
		return h, false
	}
	c.world.told(h)
	return h, true
}

// release gives a lease up.
func (c *client) release(h held) {
	for range 3 {
		if h.Lease == "" || c.call("release", operation.Request{Header: h.header()}, nil, nil) < http.StatusInternalServerError {
			return
		}
	}
}

// renew lets a lease last, and says whether it stands for all that is known.
func (c *client) renew(h *held, ttl time.Duration) bool {
	status := c.call("renew", operation.Request{Header: h.header()}, map[string]any{"ttl_ms": ttl.Milliseconds()}, h)
	if status == http.StatusOK && h.Granted {
		c.world.told(*h)
	}
	return status != http.StatusGone
}

// readOne reads a resource under a lease, or, with none, under a lock of the old API.
func (c *client) readOne(h held, endpoint string, id int64) (state string, ok bool) {
	called := c.world.now()
	var answer struct {
		State string `json:"state"`
	}
	r := operation.Request{Path: map[string]string{"endpoint": endpoint, "id": strconv.FormatInt(id, 10)}, Header: h.header()}
	if c.call("resource", r, nil, &answer) != http.StatusOK {
		return "", false
	}
	c.world.add(c.id, called, step{kind: read, reads: map[int64]string{id: answer.State}}, acknowledged)
	return answer.State, true
}

// readAll reads what can be written under the lease.
func (c *client) readAll(h held) (states map[int64]string, ok bool) {
	states, at := map[int64]string{}, c.world.writable(h.Endpoints)
	for _, id := range slices.Sorted(maps.Keys(at)) {
		if states[id], ok = c.readOne(h, at[id], id); !ok {
			return nil, false
		}
	}
	return states, true
}

// write writes under the lease what the step writes.
func (c *client) write(h held, s step) {
	states := map[string]string{}
	for id, state := range s.writes {
		states[strconv.FormatInt(id, 10)] = state
	}
	header := h.header()
	header["fencing-token"] = strconv.FormatInt(h.Token, 10)
	called := c.world.now()
	switch c.call("write", operation.Request{Header: header}, map[string]any{"states": states}, nil) {
	case http.StatusOK:
		c.world.add(c.id, called, s, acknowledged)
	case http.StatusForbidden, http.StatusConflict, http.StatusPreconditionFailed: // it has no effect
		c.world.refused.Add(1)
	default:
		c.world.add(c.id, called, s, unknown)
	}
}

// query reads resources in one moment, and says whether it was answered.
func (c *client) query(wait time.Duration, ids ...int64) (answered bool) {
	called := c.world.now()
	var answer struct {
		States map[int64]string `json:"states"`
	}
	r := operation.Request{Header: map[string]string{"x-client": c.name()}}
	if c.call("query", r, map[string]any{"resources": ids, "wait_ms": wait.Milliseconds()}, &answer) != http.StatusOK {
		return false
	}
	c.world.add(c.id, called, step{kind: query, reads: answer.States}, acknowledged)
	return true
}

// breakLeases breaks all leases of an owner, for an operator.
func (p *process) breakLeases(owner string) {
	var all struct {
		Leases []struct {
			ID    string `json:"id"`
			Owner string `json:"owner"`
		} `json:"leases"`
	}
	p.call("leases", operation.Request{}, nil, &all)
	for _, l := range all.Leases {
		if l.Owner == owner {
			r := operation.Request{Path: map[string]string{"id": l.ID}, Header: map[string]string{"x-operator": "an operator"}}
			p.call("break", r, nil, nil)
		}
	}
}
