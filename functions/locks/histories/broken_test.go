package histories_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
	"lockstep/shared/operation"
)

// build is the product, or one with something left out.
type build struct {
	store     func(locks.Store) locks.Store
	namespace func(lease.Store) lease.Store
}

var rightBuild = build{
	store:     func(s locks.Store) locks.Store { return s },
	namespace: func(s lease.Store) lease.Store { return s },
}

func withStore(change func(locks.Store) locks.Store) build {
	b := rightBuild
	b.store = change
	return b
}

func withNamespace(change func(lease.Store) lease.Store) build {
	b := rightBuild
	b.namespace = change
	return b
}

// stage is where a directed history takes place: one memory store, on which each
// actor has a process of its own.
type stage struct {
	history

	t      *testing.T
	build  build
	memory *locks.Memory
}

func newStage(t *testing.T, b build) *stage {
	t.Helper()
	s := &stage{t: t, build: b, memory: locks.NewMemory()}
	for name, ids := range map[string][]int64{"a": {0}, "b": {1}} {
		require.NoError(t, s.memory.PutEndpoint(t.Context(), name, ids))
	}
	return s
}

// actor is somebody with a process. before is called before it reads or writes a
// resource, once: what happens there comes between its last look at its lease and that.
type actor struct {
	stage *stage
	id    int
	ops   map[string]operation.Operation
	lease struct {
		Secret string `json:"lease"`
		ID     string `json:"id"`
		Token  int64  `json:"token"`
	}
	before func(write bool, resource int64)
}

// hooked calls an actor's before.
type hooked struct {
	locks.Store
	actor *actor
}

func (h hooked) ReadState(ctx context.Context, id, token int64) (string, error) {
	h.actor.meanwhile(false, id)
	return h.Store.ReadState(ctx, id, token)
}

func (h hooked) WriteStates(ctx context.Context, token int64, states map[int64]string) error {
	h.actor.meanwhile(true, -1)
	return h.Store.WriteStates(ctx, token, states)
}

func (a *actor) meanwhile(write bool, id int64) {
	if a.before != nil {
		a.before(write, id)
	}
}

func (s *stage) enter(id int) *actor {
	a := &actor{stage: s, id: id, ops: map[string]operation.Operation{}}
	service := &locks.Service{
		Store:  hooked{s.build.store(s.memory), a},
		Leases: lease.New(s.build.namespace(&s.memory.Leases), lease.Options{}),
	}
	for _, o := range service.Operations() {
		a.ops[o.Name] = o
	}
	return a
}

// call runs an operation, and says whether it succeeded.
func (a *actor) call(name string, r operation.Request, body, answer any) bool {
	if body != nil {
		var err error
		r.Body, err = json.Marshal(body)
		require.NoError(a.stage.t, err)
	}
	got := a.ops[name].Handle(a.stage.t.Context(), r)
	if got.Status >= 300 {
		return false
	}
	if answer != nil {
		require.NoError(a.stage.t, json.Unmarshal(got.Body, answer))
	}
	return true
}

func (a *actor) acquire(endpoints ...string) {
	body := map[string]any{"endpoints": endpoints, "owner": "actor", "ttl_ms": 60_000, "wait_ms": 0}
	require.True(a.stage.t, a.call("acquire", operation.Request{}, body, &a.lease))
}

// broken ends the actor's lease, in an operator's name.
func (a *actor) broken() {
	r := operation.Request{Path: map[string]string{"id": a.lease.ID}, Header: map[string]string{"x-operator": "director"}}
	require.True(a.stage.t, a.call("break", r, nil, nil))
}

func (a *actor) headers() map[string]string {
	token, _ := json.Marshal(a.lease.Token)
	return map[string]string{"lease": a.lease.Secret, "fencing-token": string(token)}
}

// update reads resource 0 under its lease and writes it.
func (a *actor) update(value string) {
	var before struct {
		State string `json:"state"`
	}
	called := a.stage.now()
	const id, key = 0, "0"
	read := operation.Request{Header: a.headers(), Path: map[string]string{"endpoint": "a", "id": key}}
	if !a.call("resource", read, nil, &before) {
		return
	}
	body := map[string]any{"states": map[string]string{key: value}}
	if a.call("write", operation.Request{Header: a.headers()}, body, nil) {
		a.stage.add(a.id, called, step{kind: update, reads: map[int64]string{id: before.State}, writes: map[int64]string{id: value}}, acknowledged)
	}
}

// query reads both resources in one moment. It counts from when its last read begins:
// that is the moment of which its values are.
func (a *actor) query() {
	var answer struct {
		States map[int64]string `json:"states"`
	}
	var mu sync.Mutex
	var lastRead int64
	within := a.before
	a.before = func(write bool, id int64) {
		if within != nil {
			within(write, id)
		}
		mu.Lock()
		defer mu.Unlock()
		lastRead = max(lastRead, a.stage.now())
	}
	if a.call("query", operation.Request{}, map[string]any{"resources": []int64{0, 1}, "wait_ms": 1000}, &answer) {
		a.stage.add(a.id, lastRead, step{kind: query, reads: answer.States}, acknowledged)
	}
}

// overtakenWriter: one is about to write when it loses its lease, and another one
// reads and writes.
func overtakenWriter(s *stage) {
	first, second := s.enter(1), s.enter(2)
	first.acquire("a")
	overtake := sync.OnceFunc(func() {
		first.broken()
		second.acquire("a")
		second.update("second")
	})
	first.before = func(write bool, _ int64) {
		if write {
			overtake()
		}
	}
	first.update("first")
}

// writerBetween: one is about to write when it loses its lease; the write comes after
// the next holder's read and before that one's write.
func writerBetween(s *stage) {
	first, second := s.enter(1), s.enter(2)
	first.acquire("a")
	proceed, done := make(chan struct{}), make(chan struct{})
	arrived := make(chan struct{})
	first.before = func(write bool, _ int64) {
		if write {
			close(arrived)
			<-proceed
		}
	}
	go func() {
		defer close(done)
		first.update("first")
	}()
	<-arrived
	first.broken()
	second.acquire("a")
	second.before = func(write bool, _ int64) {
		if write {
			close(proceed)
			<-done
		}
	}
	second.update("second")
}

// overtakenReader: a query has read one resource when it loses its lease, and another
// one changes that.
func overtakenReader(s *stage) {
	reader, writer := s.enter(1), s.enter(2)
	overtake := sync.OnceFunc(func() {
		view, err := s.memory.Leases.Read(s.t.Context(), true)
		require.NoError(s.t, err)
		require.Len(s.t, view.Entries, 1)
		writer.lease.ID = view.Entries[0].ID
		writer.broken()
		writer.acquire("a")
		writer.update("new")
		writer.call("release", operation.Request{Header: writer.headers()}, nil, nil)
	})
	read := make(chan struct{}) // resource 0 was read
	reader.before = func(_ bool, id int64) {
		if id == 1 {
			<-read
			overtake()
		}
	}
	first := sync.OnceFunc(func() { close(read) })
	reader.ops = s.enterNoting(reader, func(id int64) {
		if id == 0 {
			first()
		}
	})
	reader.query()
}

// noting tells when a read is over.
type noting struct {
	locks.Store
	note func(id int64)
}

func (n noting) ReadState(ctx context.Context, id, token int64) (string, error) {
	state, err := n.Store.ReadState(ctx, id, token)
	n.note(id)
	return state, err
}

func (s *stage) enterNoting(a *actor, note func(int64)) map[string]operation.Operation {
	ops := map[string]operation.Operation{}
	service := &locks.Service{
		Store:  hooked{noting{s.build.store(s.memory), note}, a},
		Leases: lease.New(s.build.namespace(&s.memory.Leases), lease.Options{}),
	}
	for _, o := range service.Operations() {
		ops[o.Name] = o
	}
	return ops
}

// anyToken lets everybody write.
type anyToken struct{ locks.Store }

func (s anyToken) WriteStates(ctx context.Context, _ int64, states map[int64]string) error {
	return s.Store.WriteStates(ctx, 1<<62, states)
}

// leavesNoToken only reads.
type leavesNoToken struct{ locks.Store }

func (s leavesNoToken) ReadState(ctx context.Context, id, _ int64) (string, error) {
	return s.State(ctx, id)
}

// neverLost answers consistent reads with the view in which its lease was granted.
type neverLost struct {
	lease.Store
	granted *lease.View
}

func (s *neverLost) Write(ctx context.Context, b lease.Batch) (lease.Written, error) {
	w, err := s.Store.Write(ctx, b)
	if w.Done && b.Changes[0].Kind == lease.Add {
		s.granted = &w.View
	}
	return w, err
}

func (s *neverLost) Read(ctx context.Context, consistent bool) (lease.View, error) {
	if s.granted != nil && consistent {
		return *s.granted, nil
	}
	return s.Store.Read(ctx, consistent)
}

func TestWhatIsBrokenIsCaught(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		broken build
		act    func(*stage)
	}{
		"no token check on writes":                {withStore(func(s locks.Store) locks.Store { return anyToken{s} }), overtakenWriter},
		"reads that don't register their token":   {withStore(func(s locks.Store) locks.Store { return leavesNoToken{s} }), writerBetween},
		"no check after the last read of a query": {withNamespace(func(s lease.Store) lease.Store { return &neverLost{Store: s} }), overtakenReader},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			right := newStage(t, rightBuild)
			c.act(right)
			require.NotEmpty(t, right.operations())
			requireHolds(t, &right.history)
			broken := newStage(t, c.broken)
			c.act(broken)
			result, _ := verdict(&broken.history)
			require.Equal(t, porcupine.Illegal, result, "%v", broken.operations())
		})
	}
}

// The locks themselves: who was told that a key is theirs holds it until they say
// otherwise. A granted entry counts as told.
type take struct {
	holder string
	free   bool
}

var mutex = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, input, _ any) (bool, any) {
		switch in := input.(take); {
		case in.free:
			return state == in.holder, ""
		default:
			return state == "", in.holder
		}
	},
}

// grants makes a history of who was granted the key, in the order of the views.
func grants(t *testing.T, store lease.Store, writes ...func(lease.View) lease.Batch) (history []porcupine.Operation) {
	t.Helper()
	told := map[string]bool{}
	var view lease.View
	clock := int64(0)
	for _, next := range writes {
		w, err := store.Write(t.Context(), next(view))
		require.NoError(t, err)
		view = w.View
		for _, e := range view.Entries {
			if view.Granted(e) && !told[e.ID] {
				told[e.ID] = true
				clock += 2
				history = append(history, porcupine.Operation{ClientId: len(told), Input: take{holder: e.ID}, Call: clock, Return: clock + 1})
			}
		}
	}
	return history
}

func putInLine(id string) func(lease.View) lease.Batch {
	return func(lease.View) lease.Batch {
		e := lease.Entry{ID: id, Keys: []string{"key"}, TTL: time.Second, Expires: time.UnixMilli(1000), Weight: 400}
		return lease.Batch{Now: time.UnixMilli(1), Changes: []lease.Change{{Kind: lease.Add, Entry: e}}}
	}
}

// again adds what stands already: at the end of the line.
type again struct{ lease.Store }

func (s again) Write(ctx context.Context, b lease.Batch) (lease.Written, error) {
	view, err := s.Read(ctx, true)
	if err != nil {
		return lease.Written{}, err
	}
	if e, stands := view.Find(b.Changes[0].Entry.ID); stands && b.Changes[0].Kind == lease.Add {
		if _, err := s.Store.Write(ctx, lease.Batch{Now: b.Now, Changes: []lease.Change{{Kind: lease.Remove, Entry: e}}}); err != nil {
			return lease.Written{}, err
		}
	}
	return s.Store.Write(ctx, b)
}

// ruthless evicts whatever the expiry is by now.
type ruthless struct{ lease.Store }

func (s ruthless) Write(ctx context.Context, b lease.Batch) (lease.Written, error) {
	for i := range b.Changes {
		if b.Changes[i].Kind == lease.Remove {
			b.Changes[i].Seen = time.Time{}
		}
	}
	return s.Store.Write(ctx, b)
}

func TestWhatIsBrokenInTheLineIsCaught(t *testing.T) {
	t.Parallel()
	renewed := func(v lease.View) lease.Batch {
		e, _ := v.Find("holder")
		return lease.Batch{Now: time.UnixMilli(2), Changes: []lease.Change{{Kind: lease.Set, Entry: e, Expires: time.UnixMilli(9000)}}}
	}
	evicted := func(v lease.View) lease.Batch { // on a view from before the renewal
		e, _ := v.Find("holder")
		return lease.Batch{Now: time.UnixMilli(2), Changes: []lease.Change{{Kind: lease.Remove, Entry: e, Seen: time.UnixMilli(1000), Reason: lease.EndedEvicted}}}
	}
	for name, c := range map[string]struct {
		broken lease.Store
		writes []func(lease.View) lease.Batch
	}{
		"no condition on enqueue": {again{&lease.Memory{}}, // the last one is a late attempt of the first
			[]func(lease.View) lease.Batch{putInLine("holder"), putInLine("follower"), putInLine("holder")}},
		"unconditional eviction": {ruthless{&lease.Memory{}},
			[]func(lease.View) lease.Batch{putInLine("holder"), putInLine("follower"), renewed, evicted}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			right := grants(t, &lease.Memory{}, c.writes...)
			require.Len(t, right, 1)
			require.Equal(t, porcupine.Ok, porcupine.CheckOperationsTimeout(mutex, right, checkTime))
			require.Equal(t, porcupine.Illegal, porcupine.CheckOperationsTimeout(mutex, grants(t, c.broken, c.writes...), checkTime))
		})
	}
}
