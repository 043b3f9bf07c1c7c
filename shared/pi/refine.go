package pi

import "math/bits"

const (
	// radius is the circle's, in units of a 16-bit coordinate.
	radius = 1 << 15

	// band is how far x^2 + y^2 can be from radius^2 while points of the cell of (x, y)
	// are on both sides of the circle, rounded up. With 0 <= u, v <= 1 and p = x^2 + y^2,
	// (x+u)^2 + (y+v)^2 = p + 2(xu + yv) + u^2 + v^2 is at most p + 2 sqrt(2p) + 2 and
	// at least p - 2 sqrt(2p): 92,684 and less from p at radius^2 or below, and 92,686
	// at radius^2 + band.
	band = 92_700
)

// excess returns x^2 + y^2 - radius^2.
func excess(x, y int16) int64 {
	return int64(x)*int64(x) + int64(y)*int64(y) - radius*radius
}

// isNear says that a point's excess does not decide: about 1.4 in 10,000 points.
func isNear(excess int64) bool { return -band <= excess && excess < band }

// insideNear counts the sample of that number, whose coordinates begin with the 16
// bits x and y: 1 if it is inside, by 64 more bits for each, and 0 if not. It has no
// branches, for none here could be predicted.
func insideNear(seed uint64, sample int64, x, y int16) int64 {
	u, v := philox(seed, uint64(sample), forRefining) //nolint:gosec // a sample's number is not negative
	return int64(refine(x, y, u, v))                  //nolint:gosec // 0 or 1
}

// refine returns 1 if X^2 + Y^2 < (2^79)^2, for the 80-bit coordinates X = x 2^64 + u
// and Y = y 2^64 + v, and 0 if not. It is exact.
func refine(x, y int16, u, v uint64) uint64 {
	x2, x1, x0 := square(magnitude(x, u))
	y2, y1, y0 := square(magnitude(y, v))
	_, carry := bits.Add64(x0, y0, 0)
	_, carry = bits.Add64(x1, y1, carry)
	_, less := bits.Sub64(x2+y2+carry, radius*radius, 0)
	return less
}

// magnitude returns |hi 2^64 + lo| as two words, the first at most 2^15.
func magnitude(hi int16, lo uint64) (uint64, uint64) {
	ones := uint64(int64(hi) >> 63) //nolint:gosec // all bits if it is negative: -a = ^a + 1
	lo, carry := bits.Add64(lo^ones, ones&1, 0)
	return (uint64(int64(hi)) ^ ones) + carry, lo //nolint:gosec // bits, not a number
}

// square returns (hi 2^64 + lo)^2 as three words, the first of them first. It needs
// hi <= 2^15, so that the first holds what is above 2^128.
func square(hi, lo uint64) (uint64, uint64, uint64) {
	s1, s0 := bits.Mul64(lo, lo)
	c1, c0 := bits.Mul64(hi<<1, lo)
	s1, carry := bits.Add64(s1, c0, 0)
	return hi*hi + c1 + carry, s1, s0
}
