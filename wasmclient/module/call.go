//go:build js && wasm

package main

import (
	"context"
	"fmt"
	"syscall/js"
)

// call is one call of a function of the module: its arguments, with what the last of
// them, an object of callbacks and a signal, says.
type call struct {
	ctx      context.Context // ends with the signal, or when a callback throws
	stop     context.CancelCauseFunc
	args     []js.Value
	handlers js.Value // a copy of the last argument, or undefined
	thrown   error    // by a callback
}

// promising makes a JavaScript function that returns a promise of what f returns.
// Its arguments are the wanted ones and then, if the caller likes, the handlers. A
// panic rejects the promise like an error.
func promising(wanted int, f func(*call) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		executor := js.FuncOf(func(_ js.Value, settle []js.Value) any {
			go func() { // f may block, which a callback from JavaScript must not
				result, err := answer(wanted, f, args)
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

func answer(wanted int, f func(*call) (any, error), args []js.Value) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &failure{code: panicked, message: fmt.Sprintf("panic: %v", p)}
		}
	}()
	c := &call{args: make([]js.Value, wanted)}
	copy(c.args, args)
	if len(args) > wanted {
		c.handlers = args[wanted]
	}
	c.ctx, c.stop = context.WithCancelCause(context.Background())
	defer c.stop(nil)
	if c.handlers, err = copied("handlers", c.handlers); err != nil {
		return nil, err
	}
	unlisten, err := c.listen()
	if err != nil {
		return nil, err
	}
	defer unlisten()
	result, err = f(c)
	if c.thrown != nil {
		return nil, c.thrown
	}
	return result, err
}

// listen ends the call's context when its signal is aborted, until unlisten is called.
func (c *call) listen() (unlisten func(), err error) {
	signal := c.handler("signal")
	if isNone(signal) {
		return func() {}, nil
	}
	if typeOf(signal) != js.TypeObject || typeOf(signal.Get("addEventListener")) != js.TypeFunction || typeOf(signal.Get("aborted")) != js.TypeBoolean {
		return nil, invalid("signal", "signal must be an AbortSignal, not %s", show(signal))
	}
	if signal.Get("aborted").Bool() {
		c.stop(errAborted)
	}
	onAbort := js.FuncOf(func(js.Value, []js.Value) any {
		c.stop(errAborted)
		return nil
	})
	signal.Call("addEventListener", "abort", onAbort)
	return func() {
		signal.Call("removeEventListener", "abort", onAbort)
		onAbort.Release()
	}, nil
}

// handler returns a field of the last argument, or undefined.
func (c *call) handler(name string) js.Value {
	if c.handlers.IsUndefined() {
		return c.handlers
	}
	return c.handlers.Get(name)
}

// callback returns the caller's function of that name; nil if there is none. What it
// throws ends the call, which is rejected with it, and must not reach the goroutine
// that it happens to be called from: there it would end the whole program.
func (c *call) callback(name string) (func(args ...any), error) {
	f := c.handler(name)
	if isNone(f) {
		return nil, nil //nolint:nilnil // none is not wrong
	}
	if typeOf(f) != js.TypeFunction {
		return nil, invalid(name, "%s must be a function, not %s", name, show(f))
	}
	return func(args ...any) {
		if c.thrown != nil {
			return
		}
		if _, err := try(f, "call", append([]any{nil}, args...)...); err != nil {
			c.thrown = err
			c.stop(err)
		}
	}, nil
}

// copied returns a shallow copy of an object, or undefined for none. Reading a field
// of the caller's own object could run code of theirs and throw, which no Go program
// survives; here it is caught.
func copied(name string, object js.Value) (copy js.Value, err error) {
	if isNone(object) {
		return js.Undefined(), nil
	}
	if typeOf(object) != js.TypeObject || isArray(object) {
		return js.Undefined(), invalid(name, "%s must be an object, not %s", name, show(object))
	}
	return try(js.Global().Get("Object"), "assign", js.ValueOf(map[string]any{}), object)
}

// try calls a method, and returns as an error what it throws of the caller's.
func try(object js.Value, method string, args ...any) (result js.Value, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case js.Error:
			err = &thrown{p.Value}
		default:
			panic(p)
		}
	}()
	return object.Call(method, args...), nil
}

func isNone(v js.Value) bool  { return v.IsUndefined() || v.IsNull() }
func isArray(v js.Value) bool { return js.Global().Get("Array").Call("isArray", v).Bool() }
