//go:build js && wasm

package main

import (
	"errors"
	"strings"
	"syscall/js"
	"time"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

// options are what simulate takes; they are named as the command line's flags are.
type options struct {
	base string // of the server, without a slash at its end; empty: the simulator
	name string

	strategy, server                              string
	queries, workers, clients, maxResources, seed int64
	unknown, rate, errorRate, dropRate, crash     float64
	timeoutMs, readTimeMs, latencyMs              float64
	alone                                         bool
}

func defaults() options {
	return options{
		strategy: string(syncquery.Group), server: "old",
		queries: 1000, workers: 100, clients: 1, maxResources: 10, seed: 1,
		timeoutMs: 120_000, readTimeMs: 100, latencyMs: 1,
	}
}

const (
	maxSeed = 1<<53 - 1 // the largest that JavaScript has exactly
	hourMs  = 60 * 60 * 1000
)

// fields lists every option.
func fields() []field {
	return []field{
		{"url", anywhere, func(o *options, v js.Value) (err error) {
			o.base, err = parseBase(v)
			return err
		}},
		visible(live, "name", func(o *options) *string { return &o.name }),
		choice(anywhere, "strategy", strings.Split(syncquery.StrategyNames(), ","), func(o *options) *string { return &o.strategy }),
		integer(anywhere, "queries", 1, 10_000_000, func(o *options) *int64 { return &o.queries }),
		integer(anywhere, "workers", 1, 10_000, func(o *options) *int64 { return &o.workers }),
		integer(anywhere, "maxResources", 0, 1000, func(o *options) *int64 { return &o.maxResources }),
		number(anywhere, "unknown", 0, 1, func(o *options) *float64 { return &o.unknown }),
		number(anywhere, "rate", 0, 1_000_000, func(o *options) *float64 { return &o.rate }),
		integer(anywhere, "seed", 0, maxSeed, func(o *options) *int64 { return &o.seed }),
		number(anywhere, "timeoutMs", 1, 24*hourMs, func(o *options) *float64 { return &o.timeoutMs }),
		flag(anywhere, "alone", func(o *options) *bool { return &o.alone }),
		integer(simulated, "clients", 1, 64, func(o *options) *int64 { return &o.clients }),
		choice(simulated, "server", []string{"old", "ours"}, func(o *options) *string { return &o.server }),
		number(simulated, "readTimeMs", 0, hourMs, func(o *options) *float64 { return &o.readTimeMs }),
		number(simulated, "latencyMs", 0, hourMs, func(o *options) *float64 { return &o.latencyMs }),
		number(simulated, "errorRate", 0, 1, func(o *options) *float64 { return &o.errorRate }),
		number(simulated, "dropRate", 0, 1, func(o *options) *float64 { return &o.dropRate }),
		number(simulated, "crash", 0, 1, func(o *options) *float64 { return &o.crash }),
	}
}

// sim returns what the simulation takes of them, wherever it is run.
func (o options) sim() sim.Options {
	return sim.Options{
		Workload: sim.Workload{
			Queries: int(o.queries), MaxResources: int(o.maxResources), Unknown: o.unknown,
			Seed: uint64(o.seed), //nolint:gosec // it is not negative
		},
		Strategy: syncquery.Strategy(o.strategy), Workers: int(o.workers), Rate: o.rate, Timeout: milliseconds(o.timeoutMs), Alone: o.alone,
	}
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// ofOptions returns an error of the simulation's, which is one of the options if it says so:
// its names are the command line's, as in read-time for readTimeMs.
func ofOptions(err error) error {
	var wrong *sim.FieldError
	if !errors.As(err, &wrong) {
		return err
	}
	name := strings.ReplaceAll(wrong.Field, "-", "")
	for _, f := range fields() {
		if strings.EqualFold(f.name, name) || strings.EqualFold(f.name, name+"Ms") {
			name = f.name
		}
	}
	return invalid(name, "%s", wrong.Message)
}
