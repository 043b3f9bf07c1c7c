package histories_test

import (
	"net/http"
	"strconv"
	"time"

	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// client is one after the other of a history's processes, and what it does with
// them. Only one thing at a time.
type client struct {
	*process
	world *world
	id    int
	dice  *dice
}

// held is a lease as its holder was last told of it.
type held struct {
	Lease     string   `json:"lease"`
	Token     int64    `json:"token"`
	Endpoints []string `json:"endpoints"`
	Granted   bool     `json:"granted"`
}

func (c *client) name() string { return "client " + strconv.Itoa(c.id) }

func (h held) header() map[string]string { return map[string]string{"lease": h.Lease} }

// acquire acquires a lease, with an id of its own or one that the server draws. An
// acquire whose answer is lost is repeated.
func (c *client) acquire(names []string, ttl, wait time.Duration) (h held, granted bool) {
	h.Lease = ""
	if c.dice.chance(0.3) {
		h.Lease = lease.NewSecret()
	}
	body := map[string]any{"endpoints": names, "owner": c.name(), "ttl_ms": ttl.Milliseconds(), "wait_ms": wait.Milliseconds()}
	status := 0
	for range 3 {
		status = c.call("acquire", operation.Request{Header: h.header()}, body, &h)
		if status < 500 || h.Lease == "" {
			break
		}
	}
	for range 5 {
		if status != http.StatusAccepted && (status != http.StatusOK || h.Granted) {
			break
		}
		status = c.call("leases", operation.Request{Header: h.header(), Query: map[string]string{"wait_ms": "1000"}}, nil, &h)
	}
	if status >= 300 || !h.Granted {
		c.release(h)
		return h, false
	}
	c.world.told(h)
	return h, true
}

// release gives the lease up. That is repeated too, a few times.
func (c *client) release(h held) {
	for range 3 {
		if h.Lease == "" || c.call("release", operation.Request{Header: h.header()}, nil, nil) < 500 {
			return
		}
	}
}

// renew lets the lease last, and says whether it still stands as far as is known.
func (c *client) renew(h *held, ttl time.Duration) bool {
	status := c.call("renew", operation.Request{Header: h.header()}, map[string]any{"ttl_ms": ttl.Milliseconds()}, h)
	if status == http.StatusOK {
		c.world.told(*h)
	}
	return status != http.StatusGone
}

// read reads a resource under the lease.
func (c *client) read(h held, endpoint string, id int64) (state string, ok bool) {
	called := c.world.now()
	var answer struct{ State string }
	path := map[string]string{"endpoint": endpoint, "id": text(id)}
	if c.call("resource", operation.Request{Path: path, Header: h.header()}, nil, &answer) != http.StatusOK {
		return "", false
	}
	c.world.add(c.id, called, step{kind: "read", reads: map[int64]string{id: answer.State}}, acknowledged)
	return answer.State, true
}

// readAll reads what the lease's endpoints serve, each resource once.
func (c *client) readAll(h held) (states map[int64]string, ok bool) {
	states = map[int64]string{}
	can := c.world.writable(h.Endpoints)
	for _, endpoint := range h.Endpoints {
		for _, id := range c.world.served[endpoint] {
			if _, read := states[id]; read || !can[id] {
				continue
			}
			if states[id], ok = c.read(h, endpoint, id); !ok {
				return nil, false
			}
		}
	}
	return states, true
}

// write writes under the lease what stands in s, for somebody who has read under the
// lease what s says.
func (c *client) write(h held, s step) {
	states := map[string]string{}
	for id, state := range s.writes {
		states[text(id)] = state
	}
	header := h.header()
	header["fencing-token"] = strconv.FormatInt(h.Token, 10)
	called := c.world.now()
	switch c.call("write", operation.Request{Header: header}, map[string]any{"states": states}, nil) {
	case http.StatusOK:
		c.world.add(c.id, called, s, acknowledged)
	case http.StatusForbidden, http.StatusConflict, http.StatusPreconditionFailed: // without effect
		c.world.refused.Add(1)
	default:
		c.world.add(c.id, called, s, unknown)
	}
}

// query reads resources in one moment.
func (c *client) query(wait time.Duration, ids ...int64) (states map[int64]string, ok bool) {
	called := c.world.now()
	var answer struct{ States map[int64]string }
	body := map[string]any{"resources": ids, "wait_ms": wait.Milliseconds()}
	if c.call("query", operation.Request{Header: map[string]string{"x-client": c.name()}}, body, &answer) != http.StatusOK {
		return nil, false
	}
	c.world.add(c.id, called, step{kind: "query", reads: answer.States}, acknowledged)
	return answer.States, true
}

// breakLeases breaks all leases of an owner, for an operator.
func (p *process) breakLeases(owner string) {
	var all struct {
		Leases []struct{ ID, Owner string }
	}
	p.call("leases", operation.Request{}, nil, &all)
	for _, l := range all.Leases {
		if l.Owner == owner {
			p.call("break", operation.Request{Path: map[string]string{"id": l.ID}, Header: map[string]string{"x-operator": "an operator"}}, nil, nil)
		}
	}
}
