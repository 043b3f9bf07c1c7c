package locks_test

import (
	"testing"

	"lockstep/functions/locks"
	"lockstep/functions/locks/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) locks.Store { return locks.NewMemory() })
}
