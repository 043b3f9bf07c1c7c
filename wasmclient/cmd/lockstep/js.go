//go:build js && wasm

package main

import (
	"context"
	"crypto/rand"
	"syscall/js"

	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overfetch"
)

// nativeCommands: none of those that need net/http.
type nativeCommands struct{}

func transport(base, name string, _ bool) oldapi.Transport {
	if name == "" {
		name = rand.Text()
	}
	return overfetch.New(base, name)
}

// interruptible returns a context that the program around us ends by calling
// lockstepInterrupt: Go sees no signals under Node.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	js.Global().Set("lockstepInterrupt", js.FuncOf(func(js.Value, []js.Value) any {
		cancel()
		return nil
	}))
	return ctx, cancel
}
