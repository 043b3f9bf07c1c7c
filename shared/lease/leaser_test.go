package lease_test

import (
	"testing"

	"lockstep/shared/lease"
	"lockstep/shared/lease/leasetest"
)

func TestLeaser(t *testing.T) {
	t.Parallel()
	leasetest.Run(t, func(testing.TB) lease.Store { return &lease.Memory{} })
}
