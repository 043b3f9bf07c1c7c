package syncquery_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"lockstep/shared/syncquery"
)

// fake is an old server in memory, with a book of what its clients did wrong. It
// takes a call's time before the effect and once more after it, so that in a
// synctest bubble calls of many clients interleave.
type fake struct {
	latency  time.Duration
	readTime time.Duration

	mu       sync.Mutex
	registry syncquery.Registry
	holder   map[string]string // endpoint: who locked it
	wrongs   []string          // reads without the reader's lock, foreign locks freed
	calls    map[string]int    // by kind
	reads    map[int64]int     // by resource
	lost     map[string]bool   // endpoints whose lock's or unlock's answer was lost
}

func newFake(registry syncquery.Registry) *fake {
	return &fake{
		latency: time.Millisecond, readTime: 100 * time.Millisecond, registry: registry,
		holder: map[string]string{}, calls: map[string]int{}, reads: map[int64]int{}, lost: map[string]bool{},
	}
}

// left is the endpoints that a client has locked, sorted.
func (f *fake) left(client string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	left := []string{}
	for name, by := range f.holder {
		if by == client {
			left = append(left, name)
		}
	}
	slices.Sort(left)
	return left
}

func (f *fake) set(registry syncquery.Registry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.registry = registry
}

// give makes a client the holder of an endpoint; "" frees it.
func (f *fake) give(endpoint, client string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if delete(f.holder, endpoint); client != "" {
		f.holder[endpoint] = client
	}
}

func (f *fake) count(kind string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[kind]
}

// call is one call of a client: its number, from 0, and what it is.
type call struct {
	number   int
	kind     string // registry, lock, unlock, read
	endpoint string
}

// conn is a client's access to the fake. The hooks stand in for a faulty network
// or server: an error from before keeps the call from its effect, one from after
// keeps the answer from the client.
type conn struct {
	fake          *fake
	name          string
	before, after func(context.Context, call) error

	mu     sync.Mutex
	number int
}

func (f *fake) as(client string) *conn { return &conn{fake: f, name: client} }

// do makes a call: effect is run with the fake's mutex held.
func (c *conn) do(ctx context.Context, kind, endpoint string, hold time.Duration, effect func() error) error {
	c.mu.Lock()
	this := call{c.number, kind, endpoint}
	c.number++
	c.mu.Unlock()
	time.Sleep(c.fake.latency)
	if c.before != nil {
		if err := c.before(ctx, this); err != nil {
			return err
		}
	}
	c.fake.mu.Lock()
	c.fake.calls[kind]++
	err := effect()
	c.fake.mu.Unlock()
	select {
	case <-time.After(hold + c.fake.latency):
	case <-ctx.Done():
		err = fmt.Errorf("%w: %w", syncquery.ErrAnswerLost, ctx.Err())
	}
	if c.after != nil {
		if lost := c.after(ctx, this); lost != nil {
			c.fake.mu.Lock()
			defer c.fake.mu.Unlock()
			if kind == "lock" || kind == "unlock" {
				c.fake.lost[endpoint] = true
			}
			return lost
		}
	}
	return err
}

func (c *conn) Registry(ctx context.Context) (r syncquery.Registry, err error) {
	err = c.do(ctx, "registry", "", 0, func() error {
		r = slices.Clone(c.fake.registry)
		for i := range r {
			r[i].Locked = c.fake.holder[r[i].Name] != ""
		}
		return nil
	})
	return r, err
}

// known returns the endpoint; the fake's mutex is held.
func (c *conn) known(name string) (syncquery.Endpoint, error) {
	i := slices.IndexFunc(c.fake.registry, func(e syncquery.Endpoint) bool { return e.Name == name })
	if i < 0 {
		return syncquery.Endpoint{}, syncquery.ErrEndpointNotFound
	}
	return c.fake.registry[i], nil
}

func (c *conn) Lock(ctx context.Context, endpoint string) error {
	return c.do(ctx, "lock", endpoint, 0, func() error {
		if _, err := c.known(endpoint); err != nil {
			return err
		}
		if c.fake.holder[endpoint] != "" {
			return syncquery.ErrAlreadyLocked
		}
		c.fake.holder[endpoint] = c.name
		return nil
	})
}

func (c *conn) Unlock(ctx context.Context, endpoint string) error {
	return c.do(ctx, "unlock", endpoint, 0, func() error {
		if _, err := c.known(endpoint); err != nil {
			return err
		}
		switch by := c.fake.holder[endpoint]; by {
		case "":
			return syncquery.ErrAlreadyUnlocked
		case c.name:
		default:
			c.fake.wrongs = append(c.fake.wrongs, fmt.Sprintf("%s freed %s, which %s had locked", c.name, endpoint, by))
		}
		delete(c.fake.holder, endpoint) // as old servers do, whoever asks
		return nil
	})
}

func (c *conn) Read(ctx context.Context, endpoint string, resource int64) (state string, err error) {
	err = c.do(ctx, "read", endpoint, c.fake.readTime, func() error {
		e, err := c.known(endpoint)
		if err != nil {
			return err
		}
		if !e.Serves(resource) {
			return syncquery.ErrResourceNotServed
		}
		if by := c.fake.holder[endpoint]; by != c.name { // and answers all the same, as some do
			c.fake.wrongs = append(c.fake.wrongs, fmt.Sprintf("%s read %d at %s, which %q had locked", c.name, resource, endpoint, by))
		}
		c.fake.reads[resource]++
		state = stateOf(resource)
		return nil
	})
	return state, err
}

func stateOf(resource int64) string { return fmt.Sprintf("state of %d", resource) }
