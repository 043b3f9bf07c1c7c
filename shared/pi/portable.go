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

// draw is two words of a lane: x and y of perWord samples.
type draw struct{ x, y uint64 }

// cells returns the sum over the table of the draw's samples.
func (d draw) cells(table *[1 << 16]cell) int {
	const low = 0x00ff00ff00ff00ff
	at := d.x>>8&low | d.y&^low
	return int(table[uint16(at)]) + int(table[uint16(at>>16)]) + int(table[uint16(at>>32)]) + int(table[at>>48])
}

// some is how many draws are made before they are looked at.
const some = 256

// countPortable is the kernel in Go. It takes lane after lane, and draws apart from
// looking, so that a loop's variables stay in registers.
func countPortable(b *block, rounds int) int64 {
	var draws [some]draw
	total, count := int64(0), rounds*perLane/perWord
	for lane := range lanes {
		s := b.lane(lane)
		for done := 0; done < count; done += some {
			now := draws[:min(some, count-done)]
			for i := range now {
				now[i].x, s = s.next()
				now[i].y, s = s.next()
			}
			total += b.look(now, done*lanes*perWord+lane)
		}
		b.setLane(lane, s)
	}
	b.next += uint64(rounds) * round
	return total
}

// look counts the samples of a lane's draws (at most some), the first of which is the
// first-th after b.next. It leaves draws with samples at an edge for later: a branch
// that can't be predicted would cost more than all the rest.
func (b *block) look(draws []draw, first int) int64 {
	var later [some]uint8
	table, total, k := cells(), 0, 0
	for i, d := range draws {
		n := d.cells(table)
		total += n
		later[uint(k)%some] = uint8(i)
		k += (n + 256 - int(edge)) >> 8 // 1 if n >= edge
	}
	count := int64(total)
	for _, i := range later[:k] {
		d, at := draws[i], first+int(i)*lanes*perWord
		count += b.few(d.x, d.y, at, at+lanes*perWord) - int64(d.cells(table))
	}
	return count
}
