package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// releases is DELETE /leases.
var releases = map[string]test{
	"204, then 404":               releasedTwice,
	"frees all its endpoints":     releasedAll,
	"leaves the line":             releasedWaiting,
	"hands on to who is next":     releasedToNext,
	"of many at once":             manyReleases,
	"leaves others' leases alone": releasedAlone,
}

func releasedTwice(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	got := ask(t, r.another(), "release", request{lease: l.Lease})
	require.Equal(t, 204, got.Status)
	require.Empty(t, got.Body)
	for range 2 {
		requireAnswer(t, 404, noSuchLease, ask(t, r.another(), "release", request{lease: l.Lease}))
	}
	requireNobody(t, r.Service)
}

func releasedAll(t *testing.T, r *registry) {
	for _, name := range []string{"a", "b", "c"} {
		mustPut(t, r.Service, name, 1)
	}
	mustRelease(t, r.Service, mustAcquire(t, r.Service, "a", "b", "c"))
	for _, name := range []string{"a", "b", "c"} {
		mustLock(t, r.Service, name)
	}
}

func releasedWaiting(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	holder, second, third := mustAcquire(t, r.Service, "a"), mustWait(t, r, "a"), mustWait(t, r, "a")
	mustRelease(t, r.another(), second)
	mustRelease(t, r.another(), holder)
	mustBeGranted(t, r.another(), third)
}

func releasedToNext(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	both, a, b := mustAcquire(t, r.Service, "a", "b"), mustWait(t, r, "a"), mustWait(t, r, "b")
	mustRelease(t, r.Service, both)
	mustBeGranted(t, r.Service, b)
	mustBeGranted(t, r.another(), a)
}

func manyReleases(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	statuses := make(chan int, 8)
	for range cap(statuses) {
		s := r.another()
		go func() { statuses <- ask(t, s, "release", request{lease: l.Lease}).Status }()
	}
	count := map[int]int{}
	for range cap(statuses) {
		count[<-statuses]++
	}
	require.Equal(t, cap(statuses), count[204]+count[404], "%v", count)
	require.Positive(t, count[204])
	requireNobody(t, r.Service)
}

func releasedAlone(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	mustPut(t, r.Service, "b", 1)
	one, two := mustAcquire(t, r.Service, "a"), mustAcquire(t, r.Service, "b")
	mustRelease(t, r.Service, one)
	requireStatus(t, 404, ask(t, r.Service, "release", request{lease: one.Lease}))
	require.Equal(t, two, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: two.Lease})))
}
