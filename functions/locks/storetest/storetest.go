// Package storetest is the conformance suite of the locks service over a store: what
// both promise, in the contract's words. Every store must pass it.
//
// Nothing in it waits for time to pass: who is dead is judged by processes whose
// clocks are ahead, or has written its expiry by a clock that is behind. What needs
// time is tested over the memory store, in virtual time, by the service's own tests.
package storetest

import (
	"testing"
	"time"

	"lockstep/functions/locks"
	"lockstep/shared/lease"
)

// Open makes an empty store, a new one at each call, and returns what opens the
// service on it: each time as another process has it, with a Leaser of its own.
type Open func(*testing.T) func(lease.Options) *locks.Service

// registry is a registry, empty at first, and the service on it in one process.
type registry struct {
	*locks.Service
	open func(lease.Options) *locks.Service
}

// another returns the service as another process has it.
func (r *registry) another() *locks.Service { return r.open(lease.Options{}) }

// by returns the service as a process has it whose clock is ahead, or behind if the
// difference is negative.
func (r *registry) by(ahead time.Duration) *locks.Service {
	return r.open(lease.Options{Now: func() time.Time { return time.Now().Add(ahead) }})
}

// test is one promise.
type test = func(*testing.T, *registry)

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	for about, tests := range map[string]map[string]test{
		"store, endpoints": endpoints, "store, states": states, "store, ids": ids,
		"old API": oldAPI, "operators": operators, "locks and leases": sideBySide,
		"POST leases": acquires, "POST leases, an id used before": used, "POST leases, full": full,
		"GET leases with the header": polls, "GET leases": lists, "PUT leases": renewals, "DELETE leases": releases,
		"POST break": breaks, "GET resource under a lease": reads, "PUT resources": writes, "POST query": queries,
		"bad input": bad, "events": happenings,
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					services := open(t)
					test(t, &registry{Service: services(lease.Options{}), open: services})
				})
			}
		})
	}
}
