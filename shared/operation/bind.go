package operation

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lockstep/shared/failure"
)

// Validator is a request that checks itself once it is filled. Its error names
// the field, as failure.InvalidField does.
type Validator interface{ Validate() error }

// Bind fills in, a pointer to a struct, from r by the tags of its fields:
//
//	path:"name"    a string: a parameter of the route
//	header:"Name"  a string: a header, "" when it is missing
//	body:"json"    anything: the body, one JSON value
//
// JSON is read strictly: no duplicate names, no invalid UTF-8, names are
// case-sensitive; names that nobody asked for are ignored. Then a Validator is
// asked. Every error is a failure.Invalid that names the field.
func Bind(r Request, in any) error {
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		field, tag := v.Field(i), v.Type().Field(i).Tag
		switch {
		case tag.Get("path") != "":
			field.SetString(r.Path[tag.Get("path")])
		case tag.Get("header") != "":
			field.SetString(r.Header[strings.ToLower(tag.Get("header"))])
		case tag.Get("body") == "json":
			if err := json.Unmarshal(r.Body, field.Addr().Interface()); err != nil {
				return explain(err)
			}
		}
	}
	if checked, ok := in.(Validator); ok {
		return checked.Validate()
	}
	return nil
}

// explain says in the caller's words what the JSON package says in Go's.
func explain(err error) error {
	var semantic *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		field := name(semantic.JSONPointer)
		return failure.InvalidField(field, "%s must be %s", field, wanted(semantic.GoType))
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		field := name(syntax.JSONPointer)
		return failure.InvalidField(field, "%s is there twice", field)
	case errors.As(err, &syntax):
		field := name(syntax.JSONPointer)
		return failure.InvalidField(field, "%s is not valid JSON (at byte %d)", field, syntax.ByteOffset)
	default:
		return failure.InvalidField("body", "the body is not valid JSON")
	}
}

// name turns a JSON pointer into the way people write it: "/a/3/b" into "a[3].b".
func name(pointer jsontext.Pointer) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			fmt.Fprintf(&b, "[%s]", token)
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	if b.Len() == 0 {
		return "body"
	}
	return b.String()
}

func wanted(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "an integer"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	default:
		return "a " + t.Kind().String()
	}
}
