package sim_test

import (
	"testing"

	"lockstep/shared/syncquery"
)

// BenchmarkWorld is what it costs to simulate 1,000 queries of 100 workers.
func BenchmarkWorld(b *testing.B) {
	for _, strategy := range syncquery.Strategies() {
		b.Run(string(strategy), func(b *testing.B) {
			o := usual(b, strategy)
			for b.Loop() {
				runWorld(b, o)
			}
		})
	}
}
