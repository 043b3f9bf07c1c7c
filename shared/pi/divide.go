package pi

import "math"

// Range is the samples From, From+1, ..., From+N-1 of a stream, which are numbered
// from 0.
type Range struct{ From, N int64 }

func (r Range) valid() bool {
	return r.From >= 0 && r.N >= 0 && r.From <= math.MaxInt64-r.N
}

// blocks returns how many blocks the range touches.
func (r Range) blocks() int64 {
	if r.N == 0 {
		return 0
	}
	return (r.From+r.N-1)/Block - r.From/Block + 1
}

// block returns the number of the i-th block that the range touches, and the part of
// it that is the range's.
func (r Range) block(i int64) (number int64, from, to int) {
	first := r.From / Block
	origin := (first + i) * Block
	return first + i, int(max(r.From-origin, 0)), int(min(r.From-origin+r.N, Block))
}

// Shards divides the samples [0, n) into that many ranges, in order, to be counted on
// machines of their own; the counts add up to that of the whole. It cuts between
// blocks, so that no shard makes samples that are another's: the shards differ by a
// block at most, and with fewer blocks than shards some are empty. It needs n >= 0
// and shards >= 1.
func Shards(n int64, shards int) []Range {
	blocks := Range{N: n}.blocks()
	ranges := make([]Range, shards)
	from := int64(0)
	for i, size := range Distribution(blocks, shards) {
		to := min(from+size*Block, n)
		ranges[i] = Range{From: from, N: to - from}
		from = to
	}
	return ranges
}

// Distribution divides n into that many parts that differ by at most 1, the greater
// first. It needs n >= 0 and parts >= 1.
func Distribution(n int64, parts int) []int64 {
	sizes := make([]int64, parts)
	each, more := n/int64(parts), n%int64(parts)
	for i := range sizes {
		sizes[i] = each
		if int64(i) < more {
			sizes[i]++
		}
	}
	return sizes
}
