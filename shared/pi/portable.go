package pi

import "sync"

// cell says where a square of points lies; the values are such that a sum of
// perWord of them is the number within, unless it is edge or more.
type cell uint8

const (
	beyond cell = 0
	within cell = 1
	edge   cell = 16 // the circle passes through
)

// cells places each square of 256 by 256 sixteen-bit coordinates, found by the high
// byte of y and that of x. The circle passes through 1 in 64 of them.
var cells = sync.OnceValue(func() *[1 << 16]cell {
	table := new([1 << 16]cell)
	for i := range table {
		table[i] = place(int64(int8(i)), int64(int8(i>>8)), radius>>8)
	}
	return table
})

// place says where the square of points (x+u, y+v), 0 <= u, v < 1, lies: whole
// within the circle of radius r round the origin, whole beyond it, or neither.
func place(x, y, r int64) cell {
	x ^= x >> 63 // now the distance from 0 of [x, x+1]: x, or -(x+1)
	y ^= y >> 63
	switch {
	case (x+1)*(x+1)+(y+1)*(y+1) < r*r: // the farthest corner
		return within
	case x*x+y*y >= r*r: // the nearest
		return beyond
	default:
		return edge
	}
}

// countPortable is the kernel in Go. It takes lane after lane, so that a generator
// stays in registers.
func countPortable(b *block, rounds int) int64 {
	const low = 0x00ff00ff00ff00ff
	table, total, end := cells(), int64(0), rounds*round
	for lane := range lanes {
		s := b.lane(lane)
		for i := lane; i < end; i += lanes * perWord {
			var x, y uint64
			x, s = s.next()
			y, s = s.next()
			// Four places in the table, 16 bits each, of which the conversions cut one.
			at := x>>8&low | y&^low
			n := int(table[uint16(at)]) + int(table[uint16(at>>16)]) + int(table[uint16(at>>32)]) + int(table[at>>48]) //nolint:gosec // 16 bits are wanted
			if n < int(edge) {
				total += int64(n)
			} else {
				total += b.few(x, y, i, end)
			}
		}
		b.setLane(lane, s)
	}
	b.next += int64(end)
	return total
}
