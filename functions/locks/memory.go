package locks

import (
	"context"
	"slices"
	"sync"
)

// Memory is the embedded store: the default of `make run`, and the reference that
// the DynamoDB store is held against. Reads do not block reads. Safe for
// concurrent use; its content ends with the process.
type Memory struct {
	mu        sync.RWMutex
	endpoints map[string]Endpoint
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{endpoints: map[string]Endpoint{}} }

// Registry implements Store.
func (m *Memory) Registry(context.Context) (map[string]Endpoint, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := make(map[string]Endpoint, len(m.endpoints))
	for name, e := range m.endpoints {
		all[name] = e // Resources is replaced, never changed, so it can be shared
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
	return e, nil
}

// PutEndpoint implements Store.
func (m *Memory) PutEndpoint(_ context.Context, name string, resources []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.endpoints[name].Locked {
		return ErrAlreadyLocked
	}
	m.endpoints[name] = Endpoint{Resources: slices.Clone(resources)}
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
	return m.turn(name, true, ErrAlreadyLocked)
}

// Unlock implements Store.
func (m *Memory) Unlock(_ context.Context, name string) error {
	return m.turn(name, false, ErrAlreadyUnlocked)
}

// turn sets the lock of an endpoint, unless it is so already.
func (m *Memory) turn(name string, locked bool, already error) error {
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
	m.endpoints[name] = e
	return nil
}

// State implements Store.
func (m *Memory) State(context.Context, int64) (string, error) { return InitialState, nil }
