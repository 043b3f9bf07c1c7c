package compute

import (
	"context"
	"maps"
	"sync"
)

// maxRuns is how many runs a Memory keeps; older ones go.
const maxRuns = 100

// Memory is a Store in memory. Safe for concurrent use.
type Memory struct {
	mu     sync.RWMutex
	logins map[string]int64
	runs   map[string]*memoryRun
	order  []string // the runs, oldest first
}

type memoryRun struct {
	Run
	counted map[int]int64
	failed  map[int]Failure
}

var _ Store = (*Memory)(nil)

// NewMemory returns a store without runs, in which users have logged in that often.
func NewMemory(logins map[string]int64) *Memory {
	m := &Memory{logins: map[string]int64{}, runs: map[string]*memoryRun{}}
	maps.Copy(m.logins, logins)
	return m
}

// CountLogin implements Store.
func (m *Memory) CountLogin(_ context.Context, user string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logins[user]++
	return nil
}

// Logins implements Store.
func (m *Memory) Logins(context.Context) (map[string]int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return maps.Clone(m.logins), nil
}

// CreateRun implements Store.
func (m *Memory) CreateRun(_ context.Context, r Run) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.order) == maxRuns {
		delete(m.runs, m.order[0])
		m.order = m.order[1:]
	}
	m.runs[r.ID] = &memoryRun{r, map[int]int64{}, map[int]Failure{}}
	m.order = append(m.order, r.ID)
	return nil
}

// Run implements Store.
func (m *Memory) Run(_ context.Context, id string) (Run, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, there := m.runs[id]
	if !there {
		return Run{}, ErrNoSuchRun
	}
	return r.Run, nil
}

// change changes a run that is there.
func (m *Memory) change(id string, change func(*memoryRun)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, there := m.runs[id]
	if !there {
		return ErrNoSuchRun
	}
	change(r)
	return nil
}

// PutShard implements Store.
func (m *Memory) PutShard(_ context.Context, id string, shard int, hits int64) error {
	return m.change(id, func(r *memoryRun) {
		if _, twice := r.counted[shard]; !twice {
			r.counted[shard] = hits
		}
	})
}

// FailShard implements Store.
func (m *Memory) FailShard(_ context.Context, id string, shard int, why string) (attempts int, err error) {
	err = m.change(id, func(r *memoryRun) {
		attempts = r.failed[shard].Attempts + 1
		r.failed[shard] = Failure{attempts, why}
	})
	return attempts, err
}

// Shards implements Store.
func (m *Memory) Shards(_ context.Context, id string) (counted map[int]int64, failed map[int]Failure, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, there := m.runs[id]
	if !there {
		return nil, nil, ErrNoSuchRun
	}
	return maps.Clone(r.counted), maps.Clone(r.failed), nil
}

// EndRun implements Store.
func (m *Memory) EndRun(_ context.Context, id string, end End) error {
	return m.change(id, func(r *memoryRun) {
		if r.End == nil {
			r.End = &end
		}
	})
}
