// Command bench measures package pi beside plain C, and fails when a ratio is missed:
//
//	bench -c FILE -wasm FILE -wasm-exec FILE
//	bench run VARIANT CORES N
//
// The files are the program built from c/pi.c, this one built for js/wasm, and Go's
// wasm_exec_node.js. What is measured is a count in a process of its own, that of run.
//
// `make bench-pi` builds what it needs and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"lockstep/shared/pi"
)

// seed is that of all counts.
const seed = 1

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == "run" {
		err = run(os.Args[2:])
	} else {
		err = compare()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// parts is how many counts one after the other a measurement is. The time of the
// fastest is what counts, for others on the machine can only take from it.
const parts = 80

// run counts, and writes what a contender writes: the samples inside, and the CPU time
// and the wall time in nanoseconds that all parts take at the rate of the fastest.
func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: bench run VARIANT CORES N")
	}
	sampler, err := pi.New(pi.Variant(args[0]))
	if err != nil {
		return err
	}
	cores, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	pool, inside := pi.NewPool(sampler, cores), int64(0)
	cpu, wall := math.Inf(1), math.Inf(1)
	for _, part := range pi.Shards(n, parts) {
		cpuBefore, wallBefore := cpuTime(), time.Now()
		count, err := pool.Count(context.Background(), seed, part, cores)
		if err != nil {
			return err
		}
		share := float64(n) / float64(part.N)
		wall = min(wall, float64(time.Since(wallBefore))*share)
		cpu = min(cpu, float64(cpuTime()-cpuBefore)*share)
		inside += count
	}
	fmt.Printf("%d %.0f %.0f\n", inside, cpu, wall)
	return nil
}

func compare() error {
	c := flag.String("c", "", "the `program` built from pi.c")
	wasm := flag.String("wasm", "", "this program built for js/wasm, a `file`")
	wasmExec := flag.String("wasm-exec", "", "Go's wasm_exec_node.js, a `file`")
	n := flag.Int64("n", 1e9, "samples a measurement")
	rounds := flag.Int("rounds", 5, "measurements of each, in turn")
	flag.Parse()

	self, err := os.Executable()
	if err != nil {
		return err
	}
	node := []string{"node", *wasmExec, *wasm, "run"}
	contenders := []*contender{
		{name: scalarC, command: []string{*c, "scalar"}},
		{name: avx2C, command: []string{*c, "avx2"}},
		{name: portable, command: []string{self, "run", "portable", "1"}},
		{name: avx2, command: []string{self, "run", "avx2", "1"}},
		{name: twoCores, command: []string{self, "run", "auto", "2"}},
		{name: inNode, command: append(node, "auto", "1")},
	}
	if err := measure(contenders, *n, *rounds); err != nil {
		return err
	}
	return report(os.Stdout, contenders)
}
