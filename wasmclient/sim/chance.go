package sim

import (
	"math/bits"
	"math/rand/v2"
	"time"
)

// chance draws what is left to chance, in integers alone: floating-point logarithms
// differ from platform to platform.
type chance struct{ *rand.Rand }

// The streams of a world's chance, each of its own, so that one more draw of one does not
// change the others.
const (
	chanceOfFaults = iota + 1
	chanceOfWire
	chanceOfArrivals
	chanceOfCrashes
	chanceOfChanges
	chanceOfWorlds
	chanceOfMachines // is added to their seeds
)

func newChance(seed, stream uint64) chance {
	return chance{rand.New(rand.NewPCG(seed, stream))} //nolint:gosec // reproducible on purpose
}

// happens says yes in that share of cases.
func (c chance) happens(share float64) bool {
	return share > 0 && float64(c.Uint64()>>11) < share*(1<<53)
}

// exponential draws from the exponential distribution: -ln(u) times the mean, u uniform.
func (c chance) exponential(mean time.Duration) time.Duration {
	high, low := bits.Mul64(uint64(mean), minusLog(c.Uint64()|1)) //nolint:gosec // not negative
	return time.Duration(high<<(64-40) | low>>40)                 //nolint:gosec // at most 45 times the mean
}

// minusLog returns -ln(u / 2^64) in units of 2^-40.
func minusLog(u uint64) uint64 {
	shift := bits.LeadingZeros64(u)
	m := u << shift // in [2^63, 2^64): 1 to 2, with 63 bits behind the point
	// The binary logarithm by squaring: each squaring yields one more bit.
	var fraction uint64
	for bit := 39; bit >= 0; bit-- {
		high, low := bits.Mul64(m, m) // 1 to 4, with 126 bits behind the point
		if high>>63 == 1 {            // at least 2
			fraction |= 1 << bit
			m = high
		} else {
			m = high<<1 | low>>63
		}
	}
	log2 := uint64(shift+1)<<40 - fraction //nolint:gosec // -log2(u / 2^64), in units of 2^-40; at most 64
	high, low := bits.Mul64(log2, ln2)
	return high<<(64-40) | low>>40
}

// ln2 is the natural logarithm of 2, in units of 2^-40.
const ln2 = 762123384786

// meanGap is the mean time between queries at a rate a second.
func meanGap(rate float64) time.Duration { return time.Duration(float64(time.Second) / rate) }
