package histories_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// endpoints are what the registry has: each serves a resource of its own, and two of
// them one more.
var endpoints = map[string][]int64{"e0": {0, 6}, "e1": {1, 6}, "e2": {2}, "e3": {3}, "e4": {4}, "e5": {5}}

// world is where a history takes place: one registry, and the processes that use it.
type world struct {
	history
	lines // what was seen of the namespace

	t        testing.TB
	ground   ground
	skew     time.Duration // by which the clocks of processes are off, at most
	served   map[string][]int64
	operator *process
	over     chan struct{} // closed when the history is
	took     time.Duration
	values   atomic.Int64 // counts what was written
	refused  atomic.Int64 // counts writes that were refused
}

func newWorld(t testing.TB, g ground, skew time.Duration, served map[string][]int64) *world {
	t.Helper()
	w := &world{t: t, ground: g, skew: skew, served: served, over: make(chan struct{})}
	w.operator = w.start(0, 0, 0)
	for name, ids := range served {
		path := operation.Request{Path: map[string]string{"endpoint": name}}
		require.Equal(t, http.StatusOK, w.operator.call("put-endpoint", path, map[string]any{"resources": ids}, nil))
	}
	return w
}

// all returns the resources' ids.
func (w *world) all() []int64 {
	var ids []int64
	for _, served := range w.served {
		ids = append(ids, served...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// writable returns the resources that can be written under a lease on the endpoints:
// those that no other one serves.
func (w *world) writable(held []string) map[int64]bool {
	can := map[int64]bool{}
	for _, id := range w.all() {
		can[id] = true
	}
	for name, ids := range w.served {
		for _, id := range ids {
			if !slices.Contains(held, name) {
				delete(can, id)
			}
		}
	}
	return can
}

// value returns one that nobody has written yet.
func (w *world) value() string { return "v" + strconv.FormatInt(w.values.Add(1), 10) }

// process is a process of the service, which answers to one client. When it dies it
// does nothing any more, also what it would do in the background.
type process struct {
	world      *world
	operations map[string]operation.Operation
	leases     *lease.Leaser
	ctx        context.Context
	cancel     context.CancelFunc
	dead       atomic.Bool
	// stumble is called before a resource is read or written with a token: a process
	// can be paused there, between its last look at the lease and what it does next.
	stumble func(ctx context.Context)
}

// start starts a process whose clock is off by so much.
func (w *world) start(share float64, seed uint64, off time.Duration) *process {
	p := &process{world: w, operations: map[string]operation.Operation{}}
	p.ctx, p.cancel = context.WithCancel(w.t.Context())
	store, namespace := w.ground.stores(share, seed)
	service := &locks.Service{
		Store: processStore{store, p},
		Leases: lease.New(processNamespace{namespace, p}, lease.Options{
			Now:  func() time.Time { return time.Now().Add(off) },
			Poll: 50 * time.Millisecond, // 16 processes on the machine that they all poll
		}),
	}
	p.leases = service.Leases
	for _, o := range service.Operations() {
		p.operations[o.Name] = o
	}
	return p
}

func (p *process) die() {
	p.dead.Store(true)
	p.cancel()
}

var errDead = errors.New("the process is dead")

// processStore is the store as a process sees it. What endpoints serve it keeps: that
// does not change here, and is no news.
type processStore struct {
	locks.Store
	process *process
}

func (s processStore) Endpoints(context.Context) (map[string][]int64, error) {
	return s.process.world.served, nil
}

func (s processStore) Endpoint(_ context.Context, name string) ([]int64, error) {
	return s.process.world.served[name], nil
}

func (s processStore) ReadState(ctx context.Context, id, token int64) (string, error) {
	if err := s.process.about(ctx); err != nil {
		return "", err
	}
	return s.Store.ReadState(ctx, id, token)
}

func (s processStore) WriteStates(ctx context.Context, token int64, states map[int64]string) error {
	if err := s.process.about(ctx); err != nil {
		return err
	}
	return s.Store.WriteStates(ctx, token, states)
}

// about is called when the process is about to read or write with a token.
func (p *process) about(ctx context.Context) error {
	if p.stumble != nil {
		p.stumble(ctx)
	}
	if p.dead.Load() {
		return errDead
	}
	return nil
}

// processNamespace is the namespace of the leases as a process sees it.
type processNamespace struct {
	lease.Store
	process *process
}

func (s processNamespace) Read(ctx context.Context, consistent bool) (lease.View, error) {
	if s.process.dead.Load() {
		return lease.View{}, errDead
	}
	view, err := s.Store.Read(ctx, consistent)
	if err == nil {
		s.process.world.saw(view)
	}
	return view, err
}

func (s processNamespace) Write(ctx context.Context, b lease.Batch) (lease.Written, error) {
	if s.process.dead.Load() {
		return lease.Written{}, errDead
	}
	w, err := s.Store.Write(ctx, b)
	if err == nil {
		s.process.world.saw(w.View)
	}
	return w, err
}

// call calls an operation of the service by its name. body is sent as JSON, and into
// is filled from the answer if it is a success; both may be nil.
func (p *process) call(name string, r operation.Request, body, into any) (status int) {
	if body != nil {
		sent, err := json.Marshal(body)
		require.NoError(p.world.t, err)
		r.Body = sent
	}
	answer := p.operations[name].Handle(p.ctx, r)
	if answer.Status < 300 && into != nil {
		require.NoError(p.world.t, json.Unmarshal(answer.Body, into))
	}
	return answer.Status
}

// dice is where chance comes from. Safe for concurrent use.
type dice struct {
	mu     sync.Mutex
	source *rand.Rand
}

func newDice(seed, stream uint64) *dice { return &dice{source: rand.New(rand.NewPCG(seed, stream))} }

func (d *dice) chance(p float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source.Float64() < p
}

func (d *dice) between(low, high int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return low + d.source.IntN(high-low+1)
}

func (d *dice) milliseconds(low, high int) time.Duration {
	return time.Duration(d.between(low, high)) * time.Millisecond
}

// some returns n of them.
func some[T any](d *dice, n int, of []T) []T {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]T, 0, n)
	for _, i := range d.source.Perm(len(of))[:n] {
		all = append(all, of[i])
	}
	return all
}

// sleep pauses, as long as the context lasts.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func text(id int64) string { return fmt.Sprint(id) }
