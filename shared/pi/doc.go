// Package pi estimates pi by sampling: of points uniform in a square, how many are
// inside the circle in it? The count depends on the seed and the number of samples
// alone. It is the same, bit for bit, on every machine, by every Variant, on any
// number of cores, and in shards that are added up.
//
// # The stream
//
// A seed has a stream of samples, numbered from 0, in blocks of 2^20 (see Block). A
// block has 16 generators side by side, its lanes: xoshiro256++ of Blackman and Vigna,
// "Scrambled Linear Pseudorandom Number Generators" (ACM Transactions on Mathematical
// Software 47, 2021; https://prng.di.unimi.it), which vectorises. Sample i of a block
// belongs to lane i mod 16. The 256 bits that a lane starts from are two values, of
// 128 bits each, of Philox2x64-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random
// Numbers: As Easy as 1, 2, 3" (SC '11): the seed is its key, the block and the lane
// are its counter. That is a generator of another kind, as Blackman and Vigna advise
// for seeding; and being a bijection, it never starts two lanes of a stream alike.
//
// A block can be made without those before it, so work is divided at blocks. A Range
// that begins inside a block makes the block from its start.
//
// # A sample
//
// A sample is a point (X, Y) of two signed 80-bit integers, uniform in [-2^79, 2^79),
// and it is inside if X^2 + Y^2 < (2^79)^2. Of each coordinate the lane draws the 16
// highest bits, x and y. They decide alone unless x^2 + y^2 is near the square of the
// radius, 2^30, which happens for 1.4 points in 10,000. Then the 64 lower bits of
// each, u and v, are the value of Philox2x64-10 for the sample's number in the stream
// (with a second word that no seeding uses), and X = x 2^64 + u and Y = y 2^64 + v are
// squared, added and compared exactly.
//
// That is the decision with all 160 bits drawn at once, though u and v are not made
// where they have no bearing: they are a function of the seed and the sample's number,
// not of what was made before, and where x and y decide, they decide as any u and v
// would. The first follows from the counter, the second is proved at band (in Go) and
// at bandLow (in the assembly's generator); tests hold both against a reference that
// makes every sample in full.
//
// # The bias
//
// The points inside are the pairs of integers with X^2 + Y^2 < R^2, R = 2^79: all
// of those, for |X| < R and |Y| < R. Give each the unit square round it: these squares cover the circle of radius R - s and are covered by
// that of radius R + s, s = sqrt(2)/2. So their number is pi R^2 to within pi (2 s R +
// s^2), and pi, 4 times the share of 4 R^2, is off by less than 4.5/R: below 1e-23.
// (With 16 bits it is off by 9e-7, more than the standard error of 4 10^12 samples.) The
// bias is that of ideal bits; what the generators add is not known to any test.
package pi
