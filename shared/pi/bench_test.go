package pi_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/pi"
)

// A call as the service makes it. (Ratios to C are measured by `make bench-pi`.)
func BenchmarkPool(b *testing.B) {
	for name, n := range map[string]int64{"100": 100, "100000000": 1e8} {
		for _, s := range samplers(b) {
			b.Run(string(s.Variant())+"/"+name, func(b *testing.B) {
				pool := pi.NewPool(s, runtime.GOMAXPROCS(0))
				for b.Loop() {
					_, err := pool.Count(b.Context(), 1, pi.Range{N: n}, 8)
					require.NoError(b, err)
				}
			})
		}
	}
}
