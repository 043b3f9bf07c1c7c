//go:build js && wasm

package main

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"syscall/js"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
	"lockstep/wasmclient/sim"
)

// rejection calls a function that promises, and waits for what it is rejected with.
func rejection(t *testing.T, f func(*call) (any, error)) js.Value {
	t.Helper()
	function := promising(1, f)
	defer function.Release()
	reasons := make(chan js.Value, 1)
	onReason := js.FuncOf(func(_ js.Value, args []js.Value) any {
		reasons <- args[0]
		return nil
	})
	defer onReason.Release()
	function.Invoke().Call("catch", onReason)
	return <-reasons
}

func TestAPanicRejects(t *testing.T) {
	for name, p := range map[string]any{"text": "boom", "error": errors.New("boom"), "runtime": nil} {
		t.Run(name, func(t *testing.T) {
			reason := rejection(t, func(c *call) (any, error) {
				if p != nil {
					panic(p)
				}
				return []int{}[len(c.args)], nil
			})
			require.True(t, reason.InstanceOf(js.Global().Get("Error")))
			require.Equal(t, "PANIC", reason.Get("code").String())
			require.Regexp(t, "^panic: .*(boom|index out of range)", reason.Get("message").String())
		})
	}
}

func TestErrorsCarryTheirCode(t *testing.T) {
	for name, c := range map[string]struct {
		err         error
		code, field string
	}{
		"any other":        {errors.New("x"), "FAILED", "undefined"},
		"an argument's":    {invalid("seed", "x"), "INVALID", "seed"},
		"an abort's":       {errors.Join(errAborted, errors.New("and left locked")), "ABORTED", "undefined"},
		"the simulation's": {ofOptions(&sim.FieldError{Field: "read-time", Message: "x"}), "INVALID", "readTimeMs"},
	} {
		t.Run(name, func(t *testing.T) {
			reason := rejection(t, func(*call) (any, error) { return nil, c.err })
			require.Equal(t, c.code, reason.Get("code").String())
			require.Equal(t, c.err.Error(), reason.Get("message").String())
			field := reason.Get("field")
			require.Equal(t, c.field != "undefined", !field.IsUndefined())
			if c.field != "undefined" {
				require.Equal(t, c.field, field.String())
			}
		})
	}
}

// A report has in JavaScript what it has in JSON, in the same order.
func TestReportOf(t *testing.T) {
	full := sim.Report{
		Strategy: "group", Queries: 3, Failed: 1, Makespan: 1.5, Latency: &sim.Latency{Min: 1, Mean: 2, P50: 3, P99: 4, Max: 5},
		CallsPerQuery: 0.5, LocksPerQuery: 0.25, PossiblyLocked: []string{"a", "b"}, FirstError: "x",
		Facts: &sim.Facts{Seed: 7, Clients: 2, BadReads: 1, LocksLeft: []string{"c"}, Events: 9, Hash: "00ff"},
	}
	for name, report := range map[string]sim.Report{"full": full, "empty": {PossiblyLocked: []string{}}} {
		t.Run(name, func(t *testing.T) {
			want, err := json.Marshal(report)
			require.NoError(t, err)
			require.Equal(t, string(want), js.Global().Get("JSON").Call("stringify", reportOf(report)).String())
		})
	}
}

// The package's names of the kinds of events are those of the simulation.
func TestKinds(t *testing.T) {
	source, err := os.ReadFile("../npm/kinds.js")
	require.NoError(t, err)
	var names []string
	for _, m := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		names = append(names, m[1])
	}
	require.Equal(t, syncquery.HappeningNames[:], names)
}
