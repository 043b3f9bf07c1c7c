package pi

import "math"

// Estimate returns the estimate of pi, and its standard error, for that many samples
// inside of n, with 0 <= inside <= n and n >= 1.
//
// A sample is inside with probability pi/4, so pi is estimated by 4 q with q =
// inside/n. The variance of q is that of a binomial count, q(1-q)/n by its usual
// estimate, and the standard error is 4 sqrt(q(1-q)/n), about 1.64/sqrt(n).
//
// Up to n = 2^53 pi is 4 inside/n rounded once, and no product is followed by a sum
// that a machine might fuse it with: both are the same, bit for bit, everywhere.
func Estimate(inside, n int64) (pi, standardError float64) {
	q := float64(inside) / float64(n)
	return 4 * q, 4 * math.Sqrt(q*(1-q)/float64(n))
}
