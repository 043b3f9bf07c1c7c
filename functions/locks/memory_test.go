package locks_test

import (
	"testing"

	"lockstep/functions/locks"
	"lockstep/functions/locks/storetest"
	"lockstep/shared/lease"
)

func open(*testing.T) func(lease.Options) *locks.Service {
	store := locks.NewMemory()
	return func(options lease.Options) *locks.Service {
		return &locks.Service{Store: store, Leases: lease.New(&store.Leases, options)}
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}
