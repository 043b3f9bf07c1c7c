package shop

import (
	"encoding/binary"
	"errors"
	"slices"
)

// EncodeLines writes lines as stores keep them: each product's id once, and numbers as
// varints. So an order takes a few dozen bytes, and the largest one less than 32 KB.
func EncodeLines(lines []Line) []byte {
	ids := Needs(lines)
	place := make(map[string]uint64, len(ids))
	b := binary.AppendUvarint(make([]byte, 0, 24*len(lines)), uint64(len(ids)))
	for i, n := range ids {
		place[n.Product] = uint64(i)
		b = binary.AppendUvarint(b, uint64(len(n.Product)))
		b = append(b, n.Product...)
	}
	for _, l := range lines {
		b = binary.AppendUvarint(b, place[l.Product])
		b = binary.AppendUvarint(b, uint64(l.Price))    //nolint:gosec // not negative
		b = binary.AppendUvarint(b, uint64(l.Quantity)) //nolint:gosec // not negative
	}
	return b
}

var errLines = errors.New("shop: these are no lines of an order")

// DecodeLines reads what EncodeLines wrote.
func DecodeLines(encoded string) ([]Line, error) {
	r := lineReader{rest: encoded}
	ids := make([]string, 0, 8)
	for n := r.number(); n > 0 && !r.broken; n-- {
		ids = append(ids, r.text(r.number()))
	}
	lines := make([]Line, 0, max(4, min(len(r.rest)/3, MaxLines)))
	for r.rest != "" && !r.broken {
		product, price, quantity := r.number(), r.number(), r.number()
		if product >= uint64(len(ids)) {
			return nil, errLines
		}
		lines = append(lines, Line{ids[product], int64(price), int64(quantity)}) //nolint:gosec // as they were written
	}
	if r.broken || len(lines) == 0 {
		return nil, errLines
	}
	return slices.Clip(lines), nil
}

// lineReader reads from a string, parts of which it hands out without copying them.
type lineReader struct {
	rest   string
	broken bool
}

func (r *lineReader) number() (n uint64) {
	for shift := 0; shift < 64; shift += 7 {
		if r.rest == "" {
			break
		}
		b := r.rest[0]
		r.rest = r.rest[1:]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.broken = true
	return 0
}

func (r *lineReader) text(bytes uint64) (text string) {
	if bytes > uint64(len(r.rest)) {
		r.broken = true
		return ""
	}
	text, r.rest = r.rest[:bytes], r.rest[bytes:]
	return text
}

// Need is how much an order takes of a product.
type Need struct {
	Product  string
	Quantity int64 // pieces
}

// Needs returns what lines take of each product, in the order in which they name it first.
func Needs(lines []Line) []Need {
	needs := make([]Need, 0, min(len(lines), 8))
	var place map[string]int // only where there are many: looking through a few is faster
	if len(lines) > 8 {
		place = make(map[string]int, len(lines))
	}
	find := func(id string) (at int, known bool) {
		if place != nil {
			at, known = place[id]
			return at, known
		}
		at = slices.IndexFunc(needs, func(n Need) bool { return n.Product == id })
		return at, at >= 0
	}
	for _, l := range lines {
		if at, known := find(l.Product); known {
			needs[at].Quantity += l.Quantity
			continue
		}
		if place != nil {
			place[l.Product] = len(needs)
		}
		needs = append(needs, Need{l.Product, l.Quantity})
	}
	return needs
}
