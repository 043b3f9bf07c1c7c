//go:build js && wasm

// Command module is Lockstep's client as a WebAssembly module for pages and Node.
// It puts an object `lockstep` into the global scope, whose functions the package of
// wasmclient/npm wraps and describes (index.d.ts):
//
//	simulate(options, {onProgress, onEvents, signal}) -> Promise<Report>
//	query(url, ids, {signal}) -> Promise<states>
//	version
//
// An abort of the signal ends what is under way, frees what it holds, and then the
// promise settles: a simulation with its report, in which the rest has failed, a
// query with an Error. Errors carry a code, and those of the arguments the field.
//
// It links neither encoding/json nor net/url nor net/http, which would make it half
// as big again.
package main

import (
	"syscall/js"

	"lockstep/shared/version"
)

func main() {
	js.Global().Set("lockstep", map[string]any{
		"simulate": promising(1, simulate),
		"query":    promising(2, query),
		"version":  version.Version,
	})
	select {} // the functions live on
}
