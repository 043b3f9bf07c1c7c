//go:build js && wasm

package main

import (
	"errors"
	"strconv"
	"syscall/js"

	"lockstep/shared/syncquery"
	"lockstep/shared/syncquery/leaseapi"
	"lockstep/shared/syncquery/oldapi"
	"lockstep/shared/syncquery/overfetch"
)

// query is query(url, ids).
func query(c *call) (any, error) {
	base, err := parseBase(c.args[0])
	if err != nil {
		return nil, err
	}
	ids, err := parseIDs(c.args[1])
	if err != nil {
		return nil, err
	}
	client := syncquery.New(leaseapi.New(overfetch.New(base, "")), syncquery.Group, syncquery.Options{})
	states, err := client.Query(c.ctx, ids...)
	left := client.Close()
	if len(left) > 0 {
		doubt := errors.New(syncquery.InDoubt(left))
		if err != nil {
			return nil, errors.Join(err, doubt)
		}
		js.Global().Get("console").Call("warn", "lockstep: "+doubt.Error()) // the states are right all the same
	}
	if err != nil {
		return nil, err
	}
	object := js.ValueOf(map[string]any{})
	for id, state := range states {
		object.Set(strconv.FormatInt(id, 10), state)
	}
	return object, nil
}

func parseIDs(v js.Value) ([]int64, error) {
	if !isArray(v) {
		return nil, invalid("ids", "ids must be an array of integers, not %s", show(v))
	}
	v, err := try(js.Global().Get("Array"), "from", v) // a copy, for the same reason as in copied
	if err != nil {
		return nil, err
	}
	ids := make([]int64, v.Length())
	for i := range ids {
		id, ok := integerOf(v.Index(i))
		if !ok {
			return nil, invalid("ids", "ids[%d] must be an integer, not %s", i, show(v.Index(i)))
		}
		ids[i] = id
	}
	return ids, nil
}

// parseBase checks the address of a server and returns it without a slash at its end.
func parseBase(v js.Value) (string, error) {
	if typeOf(v) != js.TypeString {
		return "", invalid("url", "url must be a string, not %s", show(v))
	}
	base, err := oldapi.ParseBase(v.String())
	if err != nil {
		return "", invalid("url", "%s", err)
	}
	return base, nil
}
