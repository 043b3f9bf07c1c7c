package lease_test

import (
	"testing"

	"lockstep/shared/lease"
	"lockstep/shared/lease/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(testing.TB) lease.Store { return &lease.Memory{} })
}
