//go:build js && wasm

package main

import (
	"errors"
	"fmt"
	"strconv"
	"syscall/js"
)

// The codes that errors carry.
const (
	wrong    = "INVALID" // an argument is wrong; field names it
	aborted  = "ABORTED" // by the signal
	failed   = "FAILED"  // it was tried
	panicked = "PANIC"   // a defect of the module
)

// failure is an error with a code.
type failure struct{ code, field, message string }

func (f *failure) Error() string { return f.message }

var errAborted = &failure{code: aborted, message: "aborted"}

// invalid is an error of the argument that field names.
func invalid(field, format string, args ...any) *failure {
	return &failure{code: wrong, field: field, message: fmt.Sprintf(format, args...)}
}

// thrown is what a function of the caller's threw.
type thrown struct{ value js.Value }

func (*thrown) Error() string { return "a callback threw" }

// jsError returns what a promise is rejected with.
func jsError(err error) js.Value {
	var t *thrown
	if errors.As(err, &t) {
		return t.value
	}
	f := &failure{code: failed, message: err.Error()}
	_ = errors.As(err, &f)
	value := js.Global().Get("Error").New(err.Error())
	value.Set("code", f.code)
	if f.field != "" {
		value.Set("field", f.field)
	}
	if f.code == aborted { // as callers of fetch know it
		value.Set("name", "AbortError")
	}
	return value
}

// show is a value as a message names it.
func show(v js.Value) string {
	switch typeOf(v) {
	case js.TypeString:
		return strconv.Quote(v.String())
	case js.TypeNumber, js.TypeBoolean, js.TypeNull, js.TypeUndefined:
		return js.Global().Get("String").Invoke(v).String()
	case js.TypeObject:
		if isArray(v) {
			return "an array"
		}
		return "an object"
	case bigint:
		return "a bigint"
	default:
		return "a " + typeOf(v).String()
	}
}

// bigint is the type that package js does not know, and panics at.
const bigint js.Type = -1

func typeOf(v js.Value) (t js.Type) {
	defer func() {
		if recover() != nil {
			t = bigint
		}
	}()
	return v.Type()
}
