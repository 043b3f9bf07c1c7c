//go:build js && wasm

// Command module is Lockstep's client as a WebAssembly module for pages and Node.
// It puts an object `lockstep` into the global scope with two functions:
//
//	simulate(options, {onProgress, signal}) -> Promise<Report>
//	query(url, ids, {signal}) -> Promise<states>
//
// An abort of the signal ends what is under way, frees what it holds, and then the
// promise settles: a simulation with its report, in which the rest has failed, a
// query with an Error. Errors carry a code.
package main

import "syscall/js"

func main() {
	js.Global().Set("lockstep", map[string]any{
		"simulate": promising(simulate),
		"query":    promising(query),
	})
	select {} // the functions live on
}
