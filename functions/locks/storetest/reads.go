package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// reads is GET /{endpoint}/resource/{id} with the header Lease.
var reads = map[string]test{
	"reads under the lease":                          readUnderLease,
	"403 when the lease does not hold the endpoint":  readOfOthers,
	"403 while it waits, and when it is gone":        readWithoutGrant,
	"404 is checked first":                           readNotFound,
	"412 when the row has seen a higher token":       readOutdated,
	"the read shuts out whoever is outdated":         readShutsOut,
	"the lease does not make an old lock's endpoint": readOfLocked,
}

func reading(l leased, endpoint string) request {
	return request{endpoint: endpoint, id: "1", lease: l.Lease}
}

func doesNotHold(names string) string {
	return fmt.Sprintf(`{"error":"the lease does not hold %s"}`, names)
}

// outdated is what somebody with that token is told who has been overtaken.
func outdated(l leased) string {
	return fmt.Sprintf(`{"error":"somebody with a higher fencing token than %d has been there"}`, l.Token)
}

func readUnderLease(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1, 2)
	mustWrite(t, r.Store, 5, map[int64]string{1: "written"})
	l := mustAcquire(t, r.Service, "a", "b")
	for range 2 {
		requireAnswer(t, 200, `{"state":"written"}`, ask(t, r.another(), "resource", reading(l, "a")))
		requireAnswer(t, 200, `{"state":"written"}`, ask(t, r.another(), "resource", reading(l, "b")))
	}
	requireAnswer(t, 200, `{"state":"initial"}`, ask(t, r.Service, "resource", request{endpoint: "b", id: "2", lease: l.Lease}))
}

func readOfOthers(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustPut(t, r.Service, "c", 1)
	one := mustAcquire(t, r.Service, "a")
	mustAcquire(t, r.Service, "b")
	for _, name := range []string{"b", "c"} {
		requireAnswer(t, 403, doesNotHold("'"+name+"'"), ask(t, r.Service, "resource", reading(one, name)))
	}
}

func readWithoutGrant(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	holder, waiting := mustAcquire(t, r.Service, "a"), mustWait(t, r, "a", "b")
	requireAnswer(t, 403, doesNotHold("'a'"), ask(t, r.Service, "resource", reading(waiting, "a")))
	requireAnswer(t, 403, doesNotHold("'b'"), ask(t, r.Service, "resource", reading(waiting, "b"))) // all or nothing
	mustRelease(t, r.Service, holder)
	requireAnswer(t, 403, doesNotHold("'a'"), ask(t, r.Service, "resource", reading(holder, "a")))
	mustBeGranted(t, r.Service, waiting)
	requireStatus(t, 200, ask(t, r.Service, "resource", reading(waiting, "b")))
	requireAnswer(t, 403, doesNotHold("'a'"), ask(t, r.Service, "resource", reading(leased{Lease: lease.NewSecret()}, "a")))
}

func readNotFound(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := leased{Lease: lease.NewSecret()} // it does not stand
	requireAnswer(t, 404, notFound("b"), ask(t, r.Service, "resource", reading(l, "b")))
	for _, id := range []string{"2", "x"} {
		requireAnswer(t, 404, fmt.Sprintf(`{"error":"'a' does not expose resource '%s'"}`, id), ask(t, r.Service, "resource", request{endpoint: "a", id: id, lease: l.Lease}))
	}
}

func readOutdated(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	one, two := mustAcquire(t, r.Service, "a"), mustAcquire(t, r.Service, "b")
	requireStatus(t, 200, ask(t, r.Service, "resource", reading(one, "a")))
	requireStatus(t, 200, ask(t, r.Service, "resource", reading(two, "b")))
	requireAnswer(t, 412, outdated(one), ask(t, r.another(), "resource", reading(one, "a")))
	requireStatus(t, 200, ask(t, r.Service, "resource", reading(two, "b")))
}

func readShutsOut(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	l := mustAcquire(t, r.Service, "a")
	requireStatus(t, 200, ask(t, r.Service, "resource", reading(l, "a")))
	requireOutdated(t, r.Store, l.Token-1, 1)
	require.Equal(t, "initial", mustRead(t, r.Store, l.Token, 1))
}

func readOfLocked(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	mustLock(t, r.Service, "b")
	l := mustAcquire(t, r.Service, "a")
	requireAnswer(t, 403, doesNotHold("'b'"), ask(t, r.Service, "resource", reading(l, "b")))
	requireStatus(t, 200, ask(t, r.Service, "resource", reading(leased{}, "b")))
}
