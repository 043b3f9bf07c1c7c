package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The layout of package pi's structures, in bytes.
const (
	vector   = 4 * 8        // a word of each of four lanes
	words    = 8 * 8        // a word of each of eight lanes
	stateRow = 16 * 8       // from a word of the lanes' state to the next word
	findLeft = 4 * words    // in a find, which begins with the words drawn: the rounds left
	findMask = findLeft + 8 // the mask
	findSize = findMask + 8 // a find
	findings = 16           // that there is room for
)

// With s = floor(x^2/2^16) + floor(y^2/2^16), p = x^2 + y^2 is from 2^16 s to 2^16 s +
// 131,070, and package pi proves that the cell of (x, y) is inside where p <= 2^30 -
// 92,700 and outside where p >= 2^30 + 92,700. So it is inside where s < bandLow, and
// outside where s >= bandLow + bandSize.
const (
	bandLow  = 16381
	bandSize = 5
)

// kernel writes countAVX2, of which the instructions on vectors are what takes the
// time: 136 for the 64 samples of a round, 112 of them in the generators.
type kernel struct {
	*build.Context
	state, find reg.Register // pointers
	low, size   operand.Mem  // the band's, in each 16 bits and in each 8
}

// lanes4 is the state of four lanes, a word of each to a register.
type lanes4 [4]reg.VecVirtual

func (k *kernel) write() {
	k.Function("countAVX2")
	k.Attributes(attr.NOSPLIT)
	k.Pragma("noescape")
	k.SignatureExpr("func(state, found *uint64, rounds int) (inside, left, finds int)")
	k.Doc(
		"countAVX2 makes rounds (at least 1) of eight lanes, beginning with that of state, and",
		"counts the samples that are inside whatever their further bits. Those that are near",
		"the circle it adds to found, the first of the finds, and stops when there is no more",
		"room; left rounds are then still to be made.",
	)
	k.low = k.constant("bandLow", bandLow*0x0001_0001_0001_0001)
	k.size = k.constant("bandSize", bandSize*0x01_01_01_01_01_01_01_01)
	k.state = k.Load(k.Param("state"), k.GP64())
	left := k.Load(k.Param("rounds"), k.GP64())
	k.find = k.Load(k.Param("found"), k.GP64())
	inside, room := k.GP64(), k.GP64()
	k.XORQ(inside, inside)
	k.MOVQ(operand.I32(findings), room)
	groups := [2]lanes4{k.loadLanes(0), k.loadLanes(1)}

	k.Label("round")
	v := [2]reg.VecVirtual{k.excess(groups, 0), k.excess(groups, 1)}
	signs := k.signs(v, inside)
	k.branchIfNear(v, signs, "near")
	k.Label("next")
	k.DECQ(left)
	k.JNZ(operand.LabelRef("round"))

	k.Label("done")
	k.storeLanes(0, groups[0])
	k.storeLanes(1, groups[1])
	k.VZEROUPPER()
	k.NEGQ(room)
	k.ADDQ(operand.I32(findings), room)
	k.Store(inside, k.Return("inside"))
	k.Store(left, k.Return("left"))
	k.Store(room, k.Return("finds"))
	k.RET()

	k.Label("near")
	k.keep(v, signs, left)
	k.DECQ(room)
	k.JNZ(operand.LabelRef("next"))
	k.DECQ(left)
	k.JMP(operand.LabelRef("done"))
}

// excess draws two words of each lane, the round's first or second two, stores them
// in the current find, and returns a byte for each of their 32 samples: s - bandLow,
// or the nearest that a byte holds. It is negative inside, and below bandSize in the band.
func (k *kernel) excess(groups [2]lanes4, pair int) reg.VecVirtual {
	var sums [2]reg.VecVirtual
	for group, s := range groups {
		squares := [2]reg.VecVirtual{}
		for word := range squares {
			v := k.next(s)
			k.VMOVDQU(v, k.inFind((2*pair+word)*words+group*vector))
			k.VPMULHW(v, v, v)
			squares[word] = v
		}
		sums[group] = squares[0]
		k.VPADDW(squares[1], sums[group], sums[group])
		k.VPSUBW(k.low, sums[group], sums[group])
	}
	k.VPACKSSWB(sums[1], sums[0], sums[0])
	return sums[0]
}

// signs adds the number of negative bytes to inside, and returns which they are.
func (k *kernel) signs(v [2]reg.VecVirtual, inside reg.GPVirtual) [2]reg.GPVirtual {
	signs := [2]reg.GPVirtual{k.GP64(), k.GP64()}
	all := k.GP64()
	k.VPMOVMSKB(v[0], signs[0].As32())
	k.VPMOVMSKB(v[1], signs[1].As32())
	k.MOVQ(signs[1], all)
	k.SHLQ(operand.U8(32), all)
	k.ORQ(signs[0], all)
	k.POPCNTQ(all, all)
	k.ADDQ(all, inside)
	return signs
}

// branchIfNear jumps if a byte is in the band: then so is, without sign, the smaller
// of it and its like in the other vector, which is negative only where both are.
func (k *kernel) branchIfNear(v [2]reg.VecVirtual, signs [2]reg.GPVirtual, label string) {
	smaller, below, both := k.YMM(), k.GP32(), k.GP32()
	k.VPMINUB(v[0], v[1], smaller)
	k.VPSUBSB(k.size, smaller, smaller)
	k.VPMOVMSKB(smaller, below)
	k.MOVL(signs[0].As32(), both)
	k.ANDL(signs[1].As32(), both)
	k.CMPL(both, below)
	k.JNE(operand.LabelRef(label))
}

// keep completes the current find, whose words are there already.
func (k *kernel) keep(v [2]reg.VecVirtual, signs [2]reg.GPVirtual, left reg.Register) {
	masks := [2]reg.GPVirtual{k.GP64(), k.GP64()}
	for i, m := range masks {
		t := k.YMM()
		k.VPSUBSB(k.size, v[i], t)
		k.VPMOVMSKB(t, m.As32())
		k.XORQ(signs[i], m)
	}
	k.SHLQ(operand.U8(32), masks[1])
	k.ORQ(masks[0], masks[1])
	k.MOVQ(masks[1], k.inFind(findMask))
	k.MOVQ(left, k.inFind(findLeft))
	k.ADDQ(operand.I32(findSize), k.find)
}

// next writes a step of xoshiro256++ (14 instructions).
func (k *kernel) next(s lanes4) reg.VecVirtual {
	result, t := k.YMM(), k.YMM()
	k.VPADDQ(s[3], s[0], result)
	k.rotateLeft(23, result, t)
	k.VPADDQ(s[0], result, result)

	t = k.YMM()
	k.VPSLLQ(operand.U8(17), s[1], t)
	k.VPXOR(s[0], s[2], s[2])
	k.VPXOR(s[1], s[3], s[3])
	k.VPXOR(s[2], s[1], s[1])
	k.VPXOR(s[3], s[0], s[0])
	k.VPXOR(t, s[2], s[2])
	k.rotateLeft(45, s[3], t)
	return result
}

func (k *kernel) rotateLeft(n uint64, v, scratch reg.VecVirtual) {
	k.VPSLLQ(operand.Imm(n), v, scratch)
	k.VPSRLQ(operand.Imm(64-n), v, v)
	k.VPOR(scratch, v, v)
}

func (k *kernel) loadLanes(group int) lanes4 {
	var s lanes4
	for word := range s {
		s[word] = k.YMM()
		k.VMOVDQU(k.inState(word, group), s[word])
	}
	return s
}

func (k *kernel) storeLanes(group int, s lanes4) {
	for word, v := range s {
		k.VMOVDQU(v, k.inState(word, group))
	}
}

func (k *kernel) inState(word, group int) operand.Mem {
	return operand.Mem{Base: k.state, Disp: word*stateRow + group*vector}
}

func (k *kernel) inFind(offset int) operand.Mem {
	return operand.Mem{Base: k.find, Disp: offset}
}

// constant fills a vector with a pattern of eight bytes.
func (k *kernel) constant(name string, pattern uint64) operand.Mem {
	m := k.StaticGlobal(name)
	k.DataAttributes(attr.RODATA | attr.NOPTR)
	for offset := 0; offset < vector; offset += 8 {
		k.AddDatum(offset, operand.U64(pattern))
	}
	return m
}
