//go:build js && wasm

package main

import (
	"slices"
	"syscall/js"

	"lockstep/wasmclient/sim"
)

// object makes an object of names and values in turn, in that order.
func object(pairs ...any) js.Value {
	return add(js.ValueOf(map[string]any{}), pairs...)
}

// add adds some to it.
func add(o js.Value, pairs ...any) js.Value {
	for pair := range slices.Chunk(pairs, 2) {
		o.Set(pair[0].(string), pair[1])
	}
	return o
}

// reportOf returns a report as encoding/json writes it, of which only this needs linking.
func reportOf(r sim.Report) js.Value {
	o := object(
		"strategy", r.Strategy, "queries", r.Queries, "failed", r.Failed, "makespan_s", r.Makespan,
		"latency_s", js.Null(), "calls_per_query", r.CallsPerQuery, "locks_per_query", r.LocksPerQuery,
		"possibly_locked", listOf(r.PossiblyLocked),
	)
	if l := r.Latency; l != nil {
		o.Set("latency_s", object("min", l.Min, "mean", l.Mean, "p50", l.P50, "p99", l.P99, "max", l.Max))
	}
	if r.FirstError != "" {
		o.Set("first_error", r.FirstError)
	}
	if f := r.Facts; f != nil {
		add(o, "seed", f.Seed, "clients", f.Clients, "bad_reads", f.BadReads, "locks_left", listOf(f.LocksLeft), "events", f.Events, "hash", f.Hash)
	}
	return o
}

func listOf(all []string) js.Value {
	a := js.Global().Get("Array").New()
	for _, s := range all {
		a.Call("push", s)
	}
	return a
}
