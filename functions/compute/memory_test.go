package compute_test

import (
	"testing"

	"go.uber.org/goleak"

	"lockstep/functions/compute"
	"lockstep/functions/compute/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) func() compute.Store {
		store := compute.NewMemory(nil)
		return func() compute.Store { return store }
	})
}
