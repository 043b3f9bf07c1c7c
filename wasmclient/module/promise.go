//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"syscall/js"
)

// invalid is an error of the arguments.
type invalid struct{ err error }

func (e invalid) Error() string { return e.err.Error() }

var errAborted = errors.New("aborted")

// promising makes a JavaScript function that returns a promise of what f returns,
// as JSON makes it. The function's last argument may be an object with a signal. A
// panic rejects the promise like an error.
func promising(f func(ctx context.Context, args []js.Value) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		executor := js.FuncOf(func(_ js.Value, settle []js.Value) any {
			go func() { // f may block, which a callback must not
				result, err := safely(f, args)
				if err != nil {
					settle[1].Invoke(jsError(err))
					return
				}
				settle[0].Invoke(result)
			}()
			return nil
		})
		defer executor.Release()
		return js.Global().Get("Promise").New(executor)
	})
}

func safely(f func(context.Context, []js.Value) (any, error), args []js.Value) (result js.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	ctx, stop := abortable(args)
	defer stop()
	value, err := f(ctx, args)
	if err != nil {
		return js.Undefined(), err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return js.Undefined(), err
	}
	return js.Global().Get("JSON").Call("parse", string(text)), nil
}

// abortable returns a context that ends when the signal among the arguments is aborted.
func abortable(args []js.Value) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signal := option(args, "signal")
	if signal.IsUndefined() || signal.IsNull() {
		return ctx, func() { cancel(nil) }
	}
	if signal.Get("aborted").Bool() {
		cancel(errAborted)
	}
	onAbort := js.FuncOf(func(js.Value, []js.Value) any {
		cancel(errAborted)
		return nil
	})
	signal.Call("addEventListener", "abort", onAbort)
	return ctx, func() {
		signal.Call("removeEventListener", "abort", onAbort)
		onAbort.Release()
		cancel(nil)
	}
}

// option returns a field of the last argument, if that is an object.
func option(args []js.Value, name string) js.Value {
	if len(args) < 2 || args[len(args)-1].Type() != js.TypeObject {
		return js.Undefined()
	}
	return args[len(args)-1].Get(name)
}

func jsError(err error) js.Value {
	value := js.Global().Get("Error").New(err.Error())
	var wrong invalid
	switch {
	case errors.As(err, &wrong):
		value.Set("code", "INVALID")
	case errors.Is(err, errAborted):
		value.Set("code", "ABORTED")
	default:
		value.Set("code", "FAILED")
	}
	return value
}
