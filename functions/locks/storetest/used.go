package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
)

// used is POST /leases under an id that was used before: 410, and nothing is held.
var used = map[string]test{
	"released":                                 usedReleased,
	"expired and evicted":                      usedEvicted,
	"broken":                                   usedBroken,
	"given up while it waited":                 usedWaiting,
	"given up before its POST came":            usedBeforeItCame,
	"given up while its POST was on its way":   usedOnItsWay,
	"by a standing lease on other endpoints":   usedByOthers,
	"by a waiting lease on other endpoints":    usedByWaiting,
	"broken while its POST waits":              brokenWhileWaiting,
	"not by a POST that was refused":           notUsed,
	"the caller's id when the store is silent": storeFails,
}

const usedBefore = `{"error":"the lease's id was used before"}`

// requireUsed requires that the id can't be used, and that nothing is held after that.
func requireUsed(t *testing.T, r *registry, secret string) {
	t.Helper()
	for _, s := range []*locks.Service{r.Service, r.another()} {
		for _, wait := range []time.Duration{0, time.Second} {
			requireAnswer(t, 410, usedBefore, ask(t, s, "acquire", request{lease: secret, body: want("a").waiting(wait)}))
			requireNobody(t, r.Service)
		}
	}
}

func usedReleased(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	for _, wait := range []time.Duration{0, time.Second} {
		l := mustHave(t, r.Service, want("a").waiting(wait))
		mustRelease(t, r.another(), l)
		requireUsed(t, r, l.Lease)
	}
}

func usedEvicted(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.by(-hour), "a")
	mustLock(t, r.Service, "a")
	mustUnlock(t, r.Service, "a")
	requireUsed(t, r, l.Lease)
}

func usedBroken(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	requireStatus(t, 200, ask(t, r.another(), "break", request{id: l.ID, operator: "me"}))
	requireUsed(t, r, l.Lease)
}

func usedWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	waiting := mustWait(t, r, "a")
	mustRelease(t, r.another(), waiting)
	mustUnlock(t, r.Service, "a")
	requireUsed(t, r, waiting.Lease)
}

// Who gives up before it has an answer must not find itself holding later.
func usedBeforeItCame(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	secret := lease.NewSecret()
	for range 2 {
		requireStatus(t, 404, ask(t, r.Service, "release", request{lease: secret}))
	}
	requireUsed(t, r, secret)
	requireStatus(t, 404, ask(t, r.Service, "release", request{lease: secret}))
}

// meanwhile is a store where something happens just before an id is noted as used.
type meanwhile struct {
	locks.Store
	happens func()
}

func (m *meanwhile) UseID(ctx context.Context, id string, token int64) error {
	if happens := m.happens; happens != nil {
		m.happens = nil
		happens()
	}
	return m.Store.UseID(ctx, id, token)
}

// The POST arrives between DELETE's look for the lease and its note that the id is
// given up.
func usedOnItsWay(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	secret, other := lease.NewSecret(), r.another()
	other.Store = &meanwhile{Store: r.Store, happens: func() {
		requireLease(t, 201, ask(t, r.Service, "acquire", request{lease: secret, body: want("a")}))
	}}
	requireStatus(t, 204, ask(t, other, "release", request{lease: secret}))
	requireNobody(t, r.Service)
	requireUsed(t, r, secret)
}

func usedByOthers(t *testing.T, r *registry) {
	for _, name := range []string{"a", "b", "c"} {
		mustPut(t, r.Service, name, 1)
	}
	l := mustAcquire(t, r.Service, "a", "b")
	for _, others := range [][]string{{"a"}, {"c"}, {"a", "c"}, {"a", "b", "c"}} {
		for _, wait := range []time.Duration{0, time.Second} {
			requireAnswer(t, 410, usedBefore, ask(t, r.another(), "acquire", request{lease: l.Lease, body: want(others...).waiting(wait)}))
		}
	}
	requireLocked(t, false, r.Service, "c")
	require.Equal(t, l, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})), "the standing lease is left alone")
	mustRelease(t, r.Service, l)
}

func usedByWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "a")
	waiting := mustWait(t, r, "a")
	for _, wait := range []time.Duration{0, time.Second} {
		requireAnswer(t, 410, usedBefore, ask(t, r.another(), "acquire", request{lease: waiting.Lease, body: want("b").waiting(wait)}))
	}
	mustUnlock(t, r.Service, "a")
	require.Equal(t, waiting.Token, mustBeGranted(t, r.Service, waiting).Token, "it has kept its place")
}

func brokenWhileWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustLock(t, r.Service, "a")
	secret, waiter := lease.NewSecret(), r.another()
	waiter.Store = &meanwhile{Store: r.Store, happens: func() {
		requireStatus(t, 200, ask(t, r.Service, "break", request{id: lease.PublicID(secret), operator: "me"}))
	}}
	got := ask(t, waiter, "acquire", request{lease: secret, body: want("a").waiting(25 * time.Second)})
	requireError(t, 410, "the lease is gone: released, evicted or broken", got) // 404 is for an endpoint that nobody knows
	mustUnlock(t, r.Service, "a")
	requireUsed(t, r, secret)
}

func notUsed(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	secret := lease.NewSecret()
	mustLock(t, r.Service, "a")
	requireStatus(t, 409, ask(t, r.Service, "acquire", request{lease: secret, body: want("a")}))
	requireStatus(t, 404, ask(t, r.Service, "acquire", request{lease: secret, body: want("b")}))
	requireStatus(t, 400, ask(t, r.Service, "acquire", request{lease: secret, body: want()}))
	mustUnlock(t, r.Service, "a")
	requireLease(t, 201, ask(t, r.Service, "acquire", request{lease: secret, body: want("a")}))
}

// failing is a store that can't note that ids are used.
type failing struct{ locks.Store }

func (failing) UseID(context.Context, string, int64) error { return errors.New("out of order") }

// An error after an acquire leaves nothing held, and tells nothing of the inside.
func storeFails(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	ill := r.another()
	ill.Store = failing{r.Store}
	for _, wait := range []time.Duration{0, time.Second} {
		requireAnswer(t, 500, `{"error":"internal error"}`, ask(t, ill, "acquire", request{lease: lease.NewSecret(), body: want("a").waiting(wait)}))
		requireNobody(t, r.Service)
	}
	mustLock(t, r.Service, "a")
	requireStatus(t, 500, ask(t, ill, "acquire", request{lease: lease.NewSecret(), body: want("a").waiting(time.Second)}))
	mustUnlock(t, r.Service, "a")
	requireNobody(t, r.Service)
}
