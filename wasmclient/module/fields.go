//go:build js && wasm

package main

import (
	"slices"
	"strconv"
	"strings"
	"syscall/js"
)

// field is one option: its name, where it has a meaning, and how it is read.
type field struct {
	name  string
	where place
	read  func(o *options, v js.Value) error
}

// place is where an option has a meaning.
type place int

const (
	anywhere place = iota
	simulated
	live
)

// fill reads an object into o, which holds the defaults. An option that is undefined is
// as good as absent; one that is unknown, or has no meaning where the run takes place, is
// refused: it would be a mistake to think that it did anything.
func fill(o *options, object js.Value, fields []field) error {
	object, err := copied("options", object)
	if err != nil || object.IsUndefined() {
		return err
	}
	names := js.Global().Get("Object").Call("keys", object)
	for i := range names.Length() {
		name := names.Index(i).String()
		v := object.Get(name)
		n := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if n < 0 {
			return invalid(name, "there is no option %q", name)
		}
		if v.IsUndefined() {
			continue
		}
		if err := fields[n].read(o, v); err != nil {
			return err
		}
		switch where := fields[n].where; {
		case where == simulated && !object.Get("url").IsUndefined():
			return invalid(name, "%s is for the simulator: with a url it has no meaning", name)
		case where == live && object.Get("url").IsUndefined():
			return invalid(name, "%s needs a url: it has no meaning in the simulator", name)
		}
	}
	return nil
}

// What makes fields is not inlined, since each place would have its own copy of the
// function that reads.

// integer is an option from least to most.
//
//go:noinline
func integer(where place, name string, least, most int64, into func(*options) *int64) field {
	return field{name, where, func(o *options, v js.Value) error {
		i, ok := integerOf(v)
		if !ok || i < least || i > most {
			return invalid(name, "%s must be an integer from %d to %d, not %s", name, least, most, show(v))
		}
		*into(o) = i
		return nil
	}}
}

// number is an option from least to most.
//
//go:noinline
func number(where place, name string, least, most float64, into func(*options) *float64) field {
	return field{name, where, func(o *options, v js.Value) error {
		if typeOf(v) != js.TypeNumber || !(v.Float() >= least && v.Float() <= most) { // also for NaN
			text := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
			return invalid(name, "%s must be a number from %s to %s, not %s", name, text(least), text(most), show(v))
		}
		*into(o) = v.Float()
		return nil
	}}
}

// choice is an option that is one of some names.
//
//go:noinline
func choice(where place, name string, of []string, into func(*options) *string) field {
	return field{name, where, func(o *options, v js.Value) error {
		if typeOf(v) != js.TypeString || !slices.Contains(of, v.String()) {
			return invalid(name, "%s must be one of %s, not %s", name, strings.Join(of, ", "), show(v))
		}
		*into(o) = v.String()
		return nil
	}}
}

// visible is an option that is a string of visible ASCII, as a header takes it.
//
//go:noinline
func visible(where place, name string, into func(*options) *string) field {
	return field{name, where, func(o *options, v js.Value) error {
		if typeOf(v) != js.TypeString || strings.ContainsFunc(v.String(), func(r rune) bool { return r < '!' || r > '~' }) {
			return invalid(name, "%s must be a string of visible ASCII characters, not %s", name, show(v))
		}
		*into(o) = v.String()
		return nil
	}}
}

// flag is an option that is true or false.
//
//go:noinline
func flag(where place, name string, into func(*options) *bool) field {
	return field{name, where, func(o *options, v js.Value) error {
		if typeOf(v) != js.TypeBoolean {
			return invalid(name, "%s must be true or false, not %s", name, show(v))
		}
		*into(o) = v.Bool()
		return nil
	}}
}

// integerOf returns a number that is an integer which JavaScript has exactly.
func integerOf(v js.Value) (int64, bool) {
	if typeOf(v) != js.TypeNumber {
		return 0, false
	}
	f := v.Float()
	const most = 1<<53 - 1
	return int64(f), f == float64(int64(f)) && f >= -most && f <= most
}
