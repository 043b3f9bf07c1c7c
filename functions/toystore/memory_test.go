package toystore_test

import (
	"testing"

	"lockstep/functions/toystore"
	"lockstep/functions/toystore/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) func() toystore.Store {
		store := toystore.NewMemory()
		return func() toystore.Store { return store }
	})
}
