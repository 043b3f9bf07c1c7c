package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// The contenders' names.
const (
	scalarC  = "C, scalar"
	avx2C    = "C, AVX2"
	portable = "portable Go"
	avx2     = "AVX2"
	twoCores = "two cores"
	inNode   = "wasm in Node"
)

// report writes the speeds (medians of the rounds) and the ratios, and returns an error
// if one is missed. On one core the CPU time counts (user and system), for others on
// the machine take less from it than from wall time, and the median of the rounds'
// ratios. What two cores are to one is by nature a ratio of wall times, which others
// can only lessen: that of the fastest rounds counts.
func report(w io.Writer, contenders []*contender) error {
	by := map[string]*contender{}
	for _, c := range contenders {
		by[c.name] = c
		_, _ = fmt.Fprintf(w, "%-14s %6.3f G samples/s of CPU time, %6.3f of wall time\n",
			c.name, median(c.speeds(cpu))/1e9, median(c.speeds(wall))/1e9)
	}
	missed := false
	compare := func(fast, slow string, ratio, want float64) {
		verdict := "ok"
		if ratio < want {
			verdict, missed = "MISSED", true
		}
		_, _ = fmt.Fprintf(w, "%-14s / %-14s %6.2f, at least %.1f: %s\n", fast, slow, ratio, want, verdict)
	}
	for _, bar := range []struct {
		fast, slow string
		want       float64
	}{
		{avx2, avx2C, 1.4},
		{avx2, scalarC, 9},
		{portable, scalarC, 2},
		{inNode, scalarC, 1},
	} {
		compare(bar.fast, bar.slow, medianRatio(by[bar.fast], by[bar.slow]), bar.want)
	}
	compare(twoCores, avx2, slices.Max(by[twoCores].speeds(wall))/slices.Max(by[avx2].speeds(wall)), 1.9)
	if missed {
		return errors.New("a ratio is missed")
	}
	return nil
}

// medianRatio is of the speeds in CPU time, round by round.
func medianRatio(fast, slow *contender) float64 {
	ratios := fast.speeds(cpu)
	for i, speed := range slow.speeds(cpu) {
		ratios[i] /= speed
	}
	return median(ratios)
}
