//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"syscall/js"
	"time"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/leaseapi"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overfetch"
	"lockstep/wasmclient/sim"
)

// options are what simulate takes; they are named as the command line's flags are.
type options struct {
	URL          string  `json:"url"`
	Name         string  `json:"name"`
	Strategy     string  `json:"strategy"`
	Queries      int     `json:"queries"`
	Workers      int     `json:"workers"`
	MaxResources int     `json:"maxResources"`
	Unknown      float64 `json:"unknown"`
	Seed         uint64  `json:"seed"`
	TimeoutMs    int64   `json:"timeoutMs"`
	Alone        bool    `json:"alone"`
}

func simulate(ctx context.Context, args []js.Value) (any, error) {
	o := options{Strategy: string(syncquery.Group), Queries: 1000, Workers: 100, MaxResources: 10, Seed: 1, TimeoutMs: 120_000}
	if err := fill(&o, args); err != nil {
		return nil, err
	}
	base, err := oldapi.ParseBase(o.URL)
	if err != nil {
		return nil, invalid{err}
	}
	strategy, err := syncquery.ParseStrategy(o.Strategy)
	if err != nil {
		return nil, invalid{err}
	}
	wanted := sim.Options{
		Workload: sim.Workload{Queries: o.Queries, MaxResources: o.MaxResources, Unknown: o.Unknown, Seed: o.Seed},
		Strategy: strategy, Workers: o.Workers, Timeout: time.Duration(o.TimeoutMs) * time.Millisecond, Alone: o.Alone,
	}
	if err := wanted.Validate(); err != nil {
		return nil, invalid{err}
	}
	server := leaseapi.New(overfetch.New(base, o.Name))
	report, _, err := sim.Simulate(ctx, server, wanted, progress(args))
	return report, err
}

// fill reads the first argument, an object, into o, and refuses what is not known.
func fill(o *options, args []js.Value) error {
	if len(args) == 0 || args[0].Type() != js.TypeObject {
		return invalid{errors.New("options must be an object")}
	}
	text := js.Global().Get("JSON").Call("stringify", args[0]).String()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	var wrong *json.UnmarshalTypeError
	if err := decoder.Decode(o); errors.As(err, &wrong) {
		return invalid{errors.New(wrong.Field + " must be a " + wrong.Type.String())}
	} else if err != nil {
		return invalid{err}
	}
	return nil
}

// progress returns a function that tells onProgress how many queries are done.
func progress(args []js.Value) func(int) {
	listener := option(args, "onProgress")
	if listener.Type() != js.TypeFunction {
		return nil
	}
	return func(done int) { listener.Invoke(done) }
}
