//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/leaseapi"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overfetch"
)

func query(ctx context.Context, args []js.Value) (any, error) {
	if len(args) < 2 || args[0].Type() != js.TypeString || !js.Global().Get("Array").Call("isArray", args[1]).Bool() {
		return nil, invalid{errors.New("query takes a url and an array of ids")}
	}
	base, err := oldapi.ParseBase(args[0].String())
	if err != nil {
		return nil, invalid{err}
	}
	ids := make([]int64, args[1].Length())
	for i := range ids {
		id := args[1].Index(i)
		if !js.Global().Get("Number").Call("isSafeInteger", id).Bool() {
			return nil, invalid{fmt.Errorf("ids[%d] must be an integer", i)}
		}
		ids[i] = int64(id.Float())
	}
	client := syncquery.New(leaseapi.New(overfetch.New(base, "")), syncquery.Group, syncquery.Options{})
	states, err := client.Query(ctx, ids...)
	if left := client.Close(); len(left) > 0 {
		doubt := errors.New(syncquery.InDoubt(left))
		if err == nil { // the states are right all the same
			js.Global().Get("console").Call("warn", "lockstep: "+doubt.Error())
			return states, nil
		}
		err = errors.Join(err, doubt)
	}
	return states, err
}
