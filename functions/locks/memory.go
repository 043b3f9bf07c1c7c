package locks

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"lockstep/shared/lease"
)

// Memory is the embedded store: the default of `make run`, and the reference that
// the DynamoDB store is held against. Reads do not block reads. Safe for
// concurrent use; its content ends with the process.
type Memory struct {
	Leases lease.Memory // the namespace

	mu        sync.RWMutex
	endpoints map[string][]int64
	rows      map[int64]row
	used      map[string]use
	swept     time.Time // when what is too old was last removed from used
	journal   journal
}

// row is a resource.
type row struct {
	state string
	token int64 // the highest that has been here
	wrote int64 // the one that wrote last
}

// use is the use of a lease's id.
type use struct {
	token int64
	at    time.Time
}

// IDsKept is for how long a lease's id is known to have been used.
const IDsKept = time.Hour

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store. It counts events from the time on: above all
// that the process before it has counted.
func NewMemory() *Memory {
	now := time.Now().UnixMilli()
	m := &Memory{
		endpoints: map[string][]int64{}, rows: map[int64]row{}, used: map[string]use{},
		journal: journal{first: now + 1, last: now},
	}
	m.Leases.OnWrite = func(before, after lease.View) {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, e := range Differences(before, after) {
			m.journal.add(e)
		}
	}
	return m
}

// Endpoints implements Store.
func (m *Memory) Endpoints(context.Context) (map[string][]int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return maps.Clone(m.endpoints), nil // what an endpoint serves is replaced, never changed, so it can be shared
}

// Endpoint implements Store.
func (m *Memory) Endpoint(_ context.Context, name string) ([]int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	resources, ok := m.endpoints[name]
	if !ok {
		return nil, ErrEndpointNotFound
	}
	return resources, nil
}

// PutEndpoint implements Store.
func (m *Memory) PutEndpoint(_ context.Context, name string, resources []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endpoints[name] = slices.Clone(resources)
	return nil
}

// DeleteEndpoint implements Store.
func (m *Memory) DeleteEndpoint(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.endpoints, name)
	return nil
}

// row returns a resource's row; who calls it holds the mutex.
func (m *Memory) row(resource int64) row {
	r, ok := m.rows[resource]
	if !ok {
		r.state = InitialState
	}
	return r
}

// State implements Store.
func (m *Memory) State(_ context.Context, resource int64) (string, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.row(resource).state, nil
}

// ReadState implements Store.
func (m *Memory) ReadState(_ context.Context, resource, token int64) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.row(resource)
	switch {
	case r.wrote > token:
		return "", ErrOutdated
	case r.token > token:
		return r.state, ErrPassed
	}
	r.token = token
	m.rows[resource] = r
	return r.state, nil
}

// WriteStates implements Store.
func (m *Memory) WriteStates(_ context.Context, token int64, states map[int64]string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for resource := range states {
		if m.row(resource).token > token {
			return ErrOutdated
		}
	}
	for resource, state := range states {
		m.rows[resource] = row{state: state, token: token, wrote: token}
	}
	return nil
}

// UseID implements Store.
func (m *Memory) UseID(_ context.Context, id string, token int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if now.Sub(m.swept) > time.Minute {
		m.swept = now
		maps.DeleteFunc(m.used, func(_ string, u use) bool { return now.Sub(u.at) > IDsKept })
	}
	if before, used := m.used[id]; used && before.token != token {
		return ErrIDUsed
	}
	m.used[id] = use{token, now}
	return nil
}

// Events implements Store. The last 10,000 are kept.
func (m *Memory) Events(_ context.Context, seq int64, limit int) ([]Event, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.journal.after(seq, limit), nil
}

// LastEvent implements Store.
func (m *Memory) LastEvent(context.Context) (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.journal.last, nil
}
