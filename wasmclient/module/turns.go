//go:build js && wasm

package main

import "syscall/js"

// turns lets the event loop run between pieces of work, so that an abort is heard and a
// page stays alive. A timer would do, but browsers hold timers back. In Node a message
// would not do: a thousand of them can come before anything else has its turn.
type turns struct {
	channel   js.Value // of messages; undefined where there is setImmediate
	immediate js.Value
	arrived   js.Func
	came      chan struct{}
}

func newTurns() *turns {
	t := &turns{immediate: js.Global().Get("setImmediate"), came: make(chan struct{}, 1)}
	t.arrived = js.FuncOf(func(js.Value, []js.Value) any {
		t.came <- struct{}{}
		return nil
	})
	if t.immediate.IsUndefined() {
		t.channel = js.Global().Get("MessageChannel").New()
		t.channel.Get("port1").Set("onmessage", t.arrived)
	}
	return t
}

// take returns when everything that was due in the event loop has had its turn.
func (t *turns) take() {
	if t.immediate.IsUndefined() {
		t.channel.Get("port2").Call("postMessage", 0)
	} else {
		t.immediate.Invoke(t.arrived)
	}
	<-t.came
}

// end frees the channel.
func (t *turns) end() {
	if t.immediate.IsUndefined() {
		t.channel.Get("port1").Call("close")
	}
	t.arrived.Release()
}
