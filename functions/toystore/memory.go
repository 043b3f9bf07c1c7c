package toystore

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lockstep/shared/failure"
)

// maxKeys is how many idempotency keys a Memory remembers at a time.
const maxKeys = 1_000_000

// Memory is a Store in memory. Reads don't block reads, and no sale blocks one: each
// toy is a pointer to what it is now, which a sale replaces. Safe for concurrent use.
type Memory struct {
	catalogue sync.RWMutex // written to only when a toy is new
	toys      map[string]*shelf
	names     []string // of all toys, in their order

	purchases sync.Mutex
	keys      map[string]remembered
	old       []string // the keys, oldest first
}

// shelf is a toy as it is now. It has cache lines of its own, so that selling one toy
// does not slow those who ask for another.
type shelf struct {
	toy atomic.Pointer[Toy]
	_   [120]byte
}

// remembered is what an idempotency key has bought.
type remembered struct {
	purchase Purchase
	sale     Sale
	until    time.Time
}

var _ Store = (*Memory)(nil)

// NewMemory returns a store without toys.
func NewMemory() *Memory {
	return &Memory{toys: map[string]*shelf{}, keys: map[string]remembered{}}
}

// shelf returns where a toy stands, nil for nowhere.
func (m *Memory) shelf(name string) *shelf {
	m.catalogue.RLock()
	defer m.catalogue.RUnlock()
	return m.toys[name]
}

// Toy implements Store.
func (m *Memory) Toy(_ context.Context, name string) (Toy, error) {
	s := m.shelf(name)
	if s == nil {
		return Toy{}, ErrNoSuchToy
	}
	return *s.toy.Load(), nil
}

// Toys implements Store.
func (m *Memory) Toys(_ context.Context, after string, limit int) ([]Toy, error) {
	m.catalogue.RLock()
	defer m.catalogue.RUnlock()
	begin, found := slices.BinarySearch(m.names, after)
	if found {
		begin++
	}
	names := m.names[begin:min(begin+limit, len(m.names))]
	toys := make([]Toy, len(names))
	for i, name := range names {
		toys[i] = *m.toys[name].toy.Load()
	}
	return toys, nil
}

// Put implements Store.
func (m *Memory) Put(_ context.Context, toy Toy) error {
	m.catalogue.Lock()
	defer m.catalogue.Unlock()
	s := m.toys[toy.Name]
	if s == nil {
		s = new(shelf)
		m.toys[toy.Name] = s
		at, _ := slices.BinarySearch(m.names, toy.Name)
		m.names = slices.Insert(m.names, at, toy.Name)
	}
	s.toy.Store(&toy)
	return nil
}

// Buy implements Store.
func (m *Memory) Buy(_ context.Context, p Purchase) (Sale, error) {
	if p.Key == "" {
		return m.sell(p)
	}
	m.purchases.Lock()
	defer m.purchases.Unlock()
	now := time.Now()
	m.forget(now)
	if before, known := m.keys[p.Key]; known {
		if before.purchase != p {
			return Sale{}, ErrKeyUsed
		}
		return before.sale, nil
	}
	if len(m.keys) >= maxKeys {
		return Sale{}, &failure.Error{Code: failure.Busy, Message: "too many idempotency keys are remembered"}
	}
	sale, err := m.sell(p)
	if err == nil && sale.Result == Bought {
		m.keys[p.Key] = remembered{p, sale, now.Add(KeyLife)}
		m.old = append(m.old, p.Key)
	}
	return sale, err
}

// forget drops the keys whose time is over.
func (m *Memory) forget(now time.Time) {
	for len(m.old) > 0 && !now.Before(m.keys[m.old[0]].until) {
		delete(m.keys, m.old[0])
		m.old = m.old[1:]
	}
}

func (m *Memory) sell(p Purchase) (Sale, error) {
	s := m.shelf(p.Toy)
	if s == nil {
		return Sale{}, ErrNoSuchToy
	}
	for {
		now := s.toy.Load()
		if now.Stock < p.Quantity {
			return Sale{OutOfStock, now.Stock}, nil
		}
		left := *now
		left.Stock -= p.Quantity
		if s.toy.CompareAndSwap(now, &left) {
			return Sale{Bought, left.Stock}, nil
		}
	}
}
