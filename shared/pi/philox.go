package pi

import "math/bits"

// What a counter given to philox is for: its second word.
const (
	forRefining = 0
	forSeeding  = 1
)

// philox is Philox2x64-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random
// Numbers: As Easy as 1, 2, 3" (SC '11): for each key a bijection of the 128-bit
// counters, whose values pass for independent random ones.
func philox(key, counter, purpose uint64) (uint64, uint64) {
	const (
		multiplier = 0xd2b74407b1ce6e93
		weyl       = 0x9e3779b97f4a7c15
		rounds     = 10
	)
	a, b := counter, purpose
	for range rounds {
		hi, lo := bits.Mul64(a, multiplier)
		a, b = hi^key^b, lo
		key += weyl
	}
	return a, b
}
