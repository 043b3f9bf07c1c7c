package locks

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Memory is the embedded store: the default of `make run`, and the reference that
// the DynamoDB store is held against. Reads do not block reads. Safe for
// concurrent use; its content ends with the process.
type Memory struct {
	mu        sync.RWMutex
	endpoints map[string]lockable
	tickets   int64
	journal   journal
}

// lockable is an endpoint with the token of the lock that was taken last.
type lockable struct {
	Endpoint
	token int64
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store. It counts tickets and events from the time on:
// above all that the process before it has counted.
func NewMemory() *Memory {
	now := time.Now().UnixMilli()
	return &Memory{endpoints: map[string]lockable{}, tickets: now, journal: journal{first: now + 1, last: now}}
}

// Registry implements Store.
func (m *Memory) Registry(context.Context) (map[string]Endpoint, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := make(map[string]Endpoint, len(m.endpoints))
	for name, e := range m.endpoints {
		all[name] = e.Endpoint // Resources is replaced, never changed, so it can be shared
	}
	return all, nil
}

// Endpoint implements Store.
func (m *Memory) Endpoint(_ context.Context, name string) (Endpoint, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	e, ok := m.endpoints[name]
	if !ok {
		return Endpoint{}, ErrEndpointNotFound
	}
	return e.Endpoint, nil
}

// PutEndpoint implements Store.
func (m *Memory) PutEndpoint(_ context.Context, name string, resources []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.endpoints[name].Locked {
		return ErrAlreadyLocked
	}
	m.endpoints[name] = lockable{Endpoint: Endpoint{Resources: slices.Clone(resources)}}
	return nil
}

// DeleteEndpoint implements Store.
func (m *Memory) DeleteEndpoint(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.endpoints[name]
	switch {
	case !ok:
		return ErrEndpointNotFound
	case e.Locked:
		return ErrAlreadyLocked
	}
	delete(m.endpoints, name)
	return nil
}

// Lock implements Store.
func (m *Memory) Lock(_ context.Context, name string) error {
	return m.turn(name, true, ErrAlreadyLocked, EventLock)
}

// Unlock implements Store.
func (m *Memory) Unlock(_ context.Context, name string) error {
	return m.turn(name, false, ErrAlreadyUnlocked, EventUnlock)
}

// turn sets the lock of an endpoint, unless it is so already.
func (m *Memory) turn(name string, locked bool, already error, event string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.endpoints[name]
	switch {
	case !ok:
		return ErrEndpointNotFound
	case e.Locked == locked:
		return already
	}
	e.Locked = locked
	if locked {
		m.tickets++
		e.token = m.tickets
	}
	m.endpoints[name] = e
	m.journal.add(Event{At: Timestamp(time.Now()), Event: event, Endpoints: []string{name}, Token: e.token})
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

// State implements Store.
func (m *Memory) State(context.Context, int64) (string, error) { return InitialState, nil }
