package pi

import (
	"math/bits"

	"golang.org/x/sys/cpu"
)

//go:generate go run ./internal/avx2gen avx2_amd64.s avx2_decl_amd64.go

const (
	half = lanes / 2 // lanes that a call of countAVX2 takes

	// longestCall is how many rounds of half the lanes a call makes at most, for
	// assembly can't be preempted: 65,536 samples, some 20 microseconds.
	longestCall = 1024
)

// A find is a round of half the lanes in which samples are near the circle, as the
// assembly writes it: the words drawn, the first of each lane first, and then
const (
	findLeft = 4*half + iota // the rounds left to make, this one among them
	findMask                 // which samples: see sample
	findSize
)

type find [findSize]uint64

// sample returns which sample of a find is at a bit of the mask: its lane, the place
// in the find of the word with its x, and how far up x is in the word.
// (VPACKSSWB, which packs two vectors of four lanes, interleaves them by two lanes.)
func (find) sample(bit int) (lane, word, shift int) {
	at := bit / perWord % half
	lane = at&4>>1 | at&2<<1 | at&1
	return lane, bit/32*2*half + lane, bit % perWord * 16
}

var fast = func() []implementation {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasPOPCNT {
		return nil
	}
	return []implementation{{AVX2, countWithAVX2}}
}()

// countWithAVX2 is the kernel in AVX2 assembly.
func countWithAVX2(b *block, rounds int) int64 {
	var found [16]find // as many as the assembly takes it for
	total := int64(0)
	for first := 0; first < lanes; first += half {
		for done := 0; done < rounds; {
			asked := min(rounds-done, longestCall)
			inside, unmade, finds := countAVX2(&b.state[0][first], &found[0][0], asked)
			total += int64(inside)
			for i := range finds {
				made := done + asked - int(found[i][findLeft]) //nolint:gosec // at most asked
				total += b.near(&found[i], first, made)
			}
			done += asked - unmade
		}
	}
	b.next += int64(rounds) * round
	return total
}

// near counts the samples of a find, which begins with that lane and comes after
// that many rounds.
func (b *block) near(f *find, first, rounds int) int64 {
	count := int64(0)
	for rest := f[findMask]; rest != 0; rest &= rest - 1 {
		bit := bits.TrailingZeros64(rest)
		lane, word, shift := f.sample(bit)
		x, y := int16(f[word]>>shift), int16(f[word+half]>>shift) //nolint:gosec // 16 bits are wanted
		i := rounds*round + (bit/32*perWord+bit%perWord)*lanes + first + lane
		count += insideNear(b.seed, b.next+int64(i), x, y)
	}
	return count
}
