//go:build js && wasm

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"syscall/js"
	"time"

	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overfetch"
)

// nativeCommands: none of those that need net/http.
type nativeCommands struct{}

// signing is nothing here: it needs the AWS SDK, and that net/http.
type signing struct{}

// toySeed: toys are loaded over net/http.
type toySeed struct{}

func (toySeed) toysWanted() bool                                 { return false }
func (toySeed) validateToys() error                              { return nil }
func (toySeed) loadToys(context.Context, signing, streams) error { return nil }

// piService is nothing here: pi is estimated by --local alone.
type piService struct{}

func (piCommand) validateService() error {
	return errors.New("give --local: this build estimates pi in its own process alone")
}
func (piCommand) foreign() error                     { return nil }
func (piCommand) ask(context.Context, streams) error { return nil }

func (i identity) transport(_ context.Context, base string, _ bool) (oldapi.Transport, error) {
	return overfetch.New(base, cmp.Or(i.Name, rand.Text())), nil
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

// yield lets the program around us run, which is what calls lockstepInterrupt.
func yield() { time.Sleep(1) } // the shortest that is one
