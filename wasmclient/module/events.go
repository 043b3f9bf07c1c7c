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
	endpoints []string // as they were passed
}

// batch passes on what a trace has, if anything, and has it forget that.
func (e *events) batch(t *sim.Trace) {
	batch := js.Null()
	t.Take(func() {
		if t.Len() > 0 {
			batch = e.columns(t)
		}
	})
	if !batch.IsNull() {
		e.pass(batch)
	}
}

// columns are the events that a trace has.
func (e *events) columns(t *sim.Trace) js.Value {
	at, resources := make([]float64, t.Len()), make([]float64, t.Len())
	for i := range at {
		at[i] = float64(t.At[i]) / 1e6
		resources[i] = float64(t.Resource[i])
	}
	batch := object(
		"n", t.Len(),
		"at", column("Float64Array", at), "kind", column("Uint8Array", t.Kind), "client", column("Uint16Array", t.Client),
		"reading", column("Int32Array", t.Reading), "endpoint", column("Int32Array", t.Endpoint),
		"query", column("Int32Array", t.Query), "resource", column("Float64Array", resources),
	)
	if !slices.Equal(e.endpoints, t.Endpoints) {
		e.endpoints = slices.Clone(t.Endpoints)
		batch.Set("endpoints", listOf(e.endpoints))
	}
	return batch
}

// every passes on what a trace gets, until stop is called.
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
