package histories_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// process is a process of the service. When it dies it does nothing any more, neither
// for its callers nor in the background.
type process struct {
	world      *world
	operations map[string]operation.Operation
	leases     *lease.Leaser
	ctx        context.Context // of its callers
	hangUp     context.CancelFunc
	dead       atomic.Bool
	dice       *dice
	takes      time.Duration
	// stumble, if not nil, is called when the process is about to read or write
	// resources with a token: there it can be paused between its last look at the lease
	// and what it does next.
	stumble func(context.Context)
}

// start starts a process whose clock is off by so much.
func (w *world) start(at site, off time.Duration) *process {
	p := &process{world: w, operations: map[string]operation.Operation{}, takes: at.takes}
	p.dice = newDice(0, uint64(w.processes.Add(1)))
	p.ctx, p.hangUp = context.WithCancel(w.t.Context())
	p.leases = lease.New(processNamespace{at.namespace, p}, lease.Options{
		Now:  func() time.Time { return time.Now().Add(off) },
		Poll: 100 * time.Millisecond, // what processes do for their polls is no news
	})
	service := &locks.Service{Store: processStore{at.store, p}, Leases: p.leases}
	for _, o := range service.Operations() {
		p.operations[o.Name] = o
	}
	return p
}

func (p *process) die() {
	p.dead.Store(true)
	p.hangUp()
}

// call calls an operation by its name. body is sent as JSON, and into is filled from
// the answer if it is a success; both may be nil.
func (p *process) call(name string, r operation.Request, body, into any) (status int) {
	if body != nil {
		sent, err := json.Marshal(body)
		require.NoError(p.world.t, err)
		r.Body = sent
	}
	answer := p.operations[name].Handle(p.ctx, r)
	if answer.Status < http.StatusMultipleChoices && into != nil {
		require.NoError(p.world.t, json.Unmarshal(answer.Body, into))
	}
	return answer.Status
}

var errDead = errors.New("the process is dead")

// through makes a call of the process to a store, unless it is dead.
func through[T any](p *process, call func() (T, error)) (answer T, err error) {
	if p.takes > 0 {
		time.Sleep(time.Duration(p.dice.between(0, int(p.takes))))
		defer func() { time.Sleep(time.Duration(p.dice.between(0, int(p.takes)))) }()
	}
	if p.dead.Load() {
		return answer, errDead
	}
	return call()
}

// processNamespace is the namespace of the leases as a process sees it.
type processNamespace struct {
	lease.Store
	process *process
}

func (s processNamespace) Read(ctx context.Context, consistent bool) (lease.View, error) {
	view, err := through(s.process, func() (lease.View, error) { return s.Store.Read(ctx, consistent) })
	if err == nil {
		s.process.world.saw(view)
	}
	return view, err
}

func (s processNamespace) Write(ctx context.Context, b lease.Batch) (lease.Written, error) {
	w, err := through(s.process, func() (lease.Written, error) { return s.Store.Write(ctx, b) })
	if err == nil {
		s.process.world.saw(w.View)
	}
	return w, err
}

// processStore is the store as a process sees it. What endpoints serve does not change
// here, and is known without a call.
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
	s.about(ctx)
	return through(s.process, func() (string, error) { return s.Store.ReadState(ctx, id, token) })
}

func (s processStore) WriteStates(ctx context.Context, token int64, states map[int64]string) error {
	s.about(ctx)
	_, err := through(s.process, func() (struct{}, error) { return struct{}{}, s.Store.WriteStates(ctx, token, states) })
	return err
}

func (s processStore) about(ctx context.Context) {
	if s.process.stumble != nil {
		s.process.stumble(ctx)
	}
}
