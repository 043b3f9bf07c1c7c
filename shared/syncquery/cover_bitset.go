package syncquery

import "math/bits"

// bitset is a set of small numbers, 64 to a word.
type bitset []uint64

// words returns how many words a set of the numbers below n has.
func words(n int) int { return (n + 63) / 64 }

func (s bitset) add(i int)  { s[i/64] |= 1 << (i % 64) }
func (s bitset) drop(i int) { s[i/64] &^= 1 << (i % 64) }

func (s bitset) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func (s bitset) empty() bool {
	for _, word := range s {
		if word != 0 {
			return false
		}
	}
	return true
}

// without drops all of t.
func (s bitset) without(t bitset) {
	for i := range s {
		s[i] &^= t[i]
	}
}

// shared counts what is in both.
func (s bitset) shared(t bitset) (n int) {
	for i, word := range s {
		n += bits.OnesCount64(word & t[i])
	}
	return n
}

// and calls yield with what is in both, ascending.
func (s bitset) and(t bitset) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i, word := range s {
			for word &= t[i]; word != 0; word &= word - 1 {
				if !yield(i*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

// back calls yield with what is in both, descending.
func (s bitset) back(t bitset) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := len(s) - 1; i >= 0; i-- {
			for word := s[i] & t[i]; word != 0; {
				bit := bits.Len64(word) - 1
				if !yield(i*64 + bit) {
					return
				}
				word &^= 1 << bit
			}
		}
	}
}

// least returns the least number that is in both, -1 if none is.
func (s bitset) least(t bitset) int {
	for i, word := range s {
		if word &= t[i]; word != 0 {
			return i*64 + bits.TrailingZeros64(word)
		}
	}
	return -1
}

// within says whether t holds all of s that is also in rest.
func (s bitset) within(t, rest bitset) bool {
	for i, word := range s {
		if word&rest[i]&^t[i] != 0 {
			return false
		}
	}
	return true
}
