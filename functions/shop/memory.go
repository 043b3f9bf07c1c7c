package shop

import (
	"context"
	"crypto/sha256"
	"iter"
	"sync"
	"time"

	"lockstep/shared/failure"
)

// maxKeys is how many idempotency keys a Memory remembers at a time.
const maxKeys = 1_000_000

// Memory is a Store in memory. Reads don't block reads, and a write blocks them for as
// long as it takes to change a few entries. Safe for concurrent use.
//
// An order is kept as the few bytes that EncodeLines makes of it, without a pointer for
// the garbage collector to follow: so many of them slow nothing down.
type Memory struct {
	mu       sync.RWMutex
	products map[string]*Product
	byID     sorted[string, *Product] // the same, in order
	ids      IDs
	orders   sorted[int64, string]
	keys     map[string]remembered
	old      []string // the keys, oldest first
}

// remembered is what an idempotency key has created.
type remembered struct {
	lines [sha256.Size]byte
	order int64
	until time.Time
}

var _ Store = (*Memory)(nil)

// NewMemory returns a store without products and orders.
func NewMemory() *Memory {
	return &Memory{products: map[string]*Product{}, keys: map[string]remembered{}}
}

// Product implements Store.
func (m *Memory) Product(_ context.Context, id string) (Product, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	p := m.products[id]
	if p == nil {
		return Product{}, ErrNoSuchProduct
	}
	return *p, nil
}

// ProductsByID implements Store.
func (m *Memory) ProductsByID(_ context.Context, ids []string) (map[string]Product, error) {
	found := make(map[string]Product, len(ids))
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, id := range ids {
		if p := m.products[id]; p != nil {
			found[id] = *p
		}
	}
	return found, nil
}

// Products implements Store.
func (m *Memory) Products(ctx context.Context, after string, about int) iter.Seq2[Product, error] {
	return inBatches(ctx, after, func(p Product) string { return p.ID }, about, func(after string) ([]Product, error) {
		m.mu.RLock()
		defer m.mu.RUnlock()
		part := m.byID.after(after, about)
		batch := make([]Product, len(part))
		for i, e := range part {
			batch[i] = *e.value
		}
		return batch, nil
	})
}

// PutProduct implements Store.
func (m *Memory) PutProduct(_ context.Context, p Product) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.products[p.ID]; known != nil {
		*known = p
		return nil
	}
	m.products[p.ID] = &p
	m.byID.put(p.ID, &p)
	return nil
}

// DeleteProduct implements Store.
func (m *Memory) DeleteProduct(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.products[id] == nil {
		return ErrNoSuchProduct
	}
	delete(m.products, id)
	m.byID.remove(id)
	return nil
}

// CreateOrder implements Store.
func (m *Memory) CreateOrder(_ context.Context, lines []Line, key string) (int64, error) {
	encoded, needs, now := EncodeLines(lines), Needs(lines), time.Now()
	var hash [sha256.Size]byte
	if key != "" {
		hash = sha256.Sum256(encoded)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if key != "" {
		if before, err := m.recall(key, now); err != nil || before.order != 0 {
			if err == nil && before.lines != hash {
				err = ErrKeyUsed
			}
			return before.order, err
		}
	}
	if err := m.take(needs); err != nil {
		return 0, err
	}
	id := m.ids.Draw(now)
	m.orders.put(id, string(encoded))
	if key != "" {
		m.keys[key] = remembered{hash, id, now.Add(KeyLife)}
		m.old = append(m.old, key)
	}
	return id, nil
}

// recall returns what a key has created, nothing for one that is new, and forgets those
// whose time is over.
func (m *Memory) recall(key string, now time.Time) (remembered, error) {
	for len(m.old) > 0 && !now.Before(m.keys[m.old[0]].until) {
		delete(m.keys, m.old[0])
		m.old = m.old[1:]
	}
	before, known := m.keys[key]
	if !known && len(m.keys) >= maxKeys {
		return before, &failure.Error{Code: failure.Busy, Message: "too many idempotency keys are remembered"}
	}
	return before, nil
}

// take takes all of the needs, or nothing.
func (m *Memory) take(needs []Need) error {
	var short *ShortError
	for _, n := range needs {
		switch p := m.products[n.Product]; {
		case p == nil:
			return &UnknownError{n.Product}
		case p.Stock < n.Quantity && short == nil:
			short = &ShortError{n.Product, n.Quantity, p.Stock}
		}
	}
	if short != nil {
		return short
	}
	for _, n := range needs {
		m.products[n.Product].Stock -= n.Quantity
	}
	return nil
}

// Order implements Store.
func (m *Memory) Order(_ context.Context, id int64) (Order, error) {
	m.mu.RLock()
	encoded, found := m.orders.get(id)
	m.mu.RUnlock()
	if !found {
		return Order{}, ErrNoSuchOrder
	}
	lines, err := DecodeLines(encoded)
	return Order{id, lines}, err
}

// Orders implements Store.
func (m *Memory) Orders(ctx context.Context, after int64, about int) iter.Seq2[Order, error] {
	return inBatches(ctx, after, func(o Order) int64 { return o.ID }, about, func(after int64) ([]Order, error) {
		m.mu.RLock()
		part := m.orders.after(after, about)
		m.mu.RUnlock()
		batch := make([]Order, len(part))
		for i, e := range part {
			lines, err := DecodeLines(e.value)
			if err != nil {
				return nil, err
			}
			batch[i] = Order{e.key, lines}
		}
		return batch, nil
	})
}
