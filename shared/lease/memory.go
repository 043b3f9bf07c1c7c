package lease

import (
	"context"
	"sync"
)

// Memory is a store within the process: for tests and for a service that is one
// process. Safe for concurrent use. The zero value is an empty namespace.
type Memory struct {
	// OnWrite, if not nil, is called after each write with the views before and
	// after it, in order. It must not call the store.
	OnWrite func(before, after View)

	mu   sync.RWMutex
	view View
}

var _ Store = (*Memory)(nil)

// Read implements Store.
func (m *Memory) Read(ctx context.Context, _ bool) (View, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.view, ctx.Err()
}

// Write implements Store.
func (m *Memory) Write(ctx context.Context, b Batch) (Written, error) {
	if err := ctx.Err(); err != nil {
		return Written{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.view.Allows(b) {
		return Written{View: m.view}, nil
	}
	before := m.view
	m.view = before.Apply(b)
	if m.OnWrite != nil {
		m.OnWrite(before, m.view)
	}
	return Written{Done: true, View: m.view}, nil
}
