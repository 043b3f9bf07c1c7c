//go:build js && wasm

package main

import (
	"slices"
	"syscall/js"
	"time"
	"unsafe"

	"lockstep/wasmclient/sim"
)

// events passes on the events of a run, in batches of columns.
type events struct {
	pass      func(args ...any)
	passed    int      // how many rows
	endpoints []string // as they were passed
}

// batch passes on what a trace has that was not passed before, if anything.
func (e *events) batch(t *sim.Trace) {
	n := t.Len() - e.passed
	if n == 0 {
		return
	}
	from := e.passed
	e.passed += n
	at, resources := make([]float64, n), make([]float64, n)
	for i := range n {
		at[i] = float64(t.At[from+i]) / 1e6
		resources[i] = float64(t.Resource[from+i])
	}
	batch := object(
		"n", n,
		"at", column("Float64Array", at), "kind", column("Uint8Array", t.Kind[from:]), "client", column("Uint16Array", t.Client[from:]),
		"reading", column("Int32Array", t.Reading[from:]), "endpoint", column("Int32Array", t.Endpoint[from:]),
		"query", column("Int32Array", t.Query[from:]), "resource", column("Float64Array", resources),
	)
	if !slices.Equal(e.endpoints, t.Endpoints) {
		e.endpoints = slices.Clone(t.Endpoints)
		batch.Set("endpoints", listOf(e.endpoints))
	}
	e.pass(batch)
}

// every passes on what a trace gets, until stop is called. It reads the trace while others
// write to it: there is one thread, and a goroutine leaves it only where it waits.
func (e *events) every(interval time.Duration, t *sim.Trace) (stop func()) {
	ticker, stopped := time.NewTicker(interval), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				e.batch(t)
			case <-stopped:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(stopped)
	}
}

// column copies values into a typed array of that class, which must have their size.
// Both sides are little-endian: so is all WebAssembly, and what runs it.
func column[T uint8 | uint16 | int32 | float64](class string, values []T) js.Value {
	size := len(values) * int(unsafe.Sizeof(values[0]))
	bytes := js.Global().Get("Uint8Array").New(size)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), size) //nolint:gosec // just these values
	js.CopyBytesToJS(bytes, raw)
	return js.Global().Get(class).New(bytes.Get("buffer"))
}
