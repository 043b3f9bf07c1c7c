package operation

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

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
//	signer:""      a string: who signed the request, "" when nobody did
//	caller:""      a string: the caller's IP address, "" when it is not known
//	query:"name"   a *int64: an integer of the query string, nil when it is missing;
//	               or a string, "" when it is missing
//	body:"json"    anything: the body, one JSON value; with "json,optional" the body may
//	               be empty; with "raw" it is a []byte as it came
//
// JSON is read strictly: no duplicate names, no invalid UTF-8, names are
// case-sensitive; names that nobody asked for are ignored; null is as good as
// leaving a name out, and stands for nothing else. Then a Validator is asked.
// Every error is a failure.Invalid that names the field.
func Bind(r Request, in any) error {
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		field, tag := v.Field(i), v.Type().Field(i).Tag
		switch {
		case tag.Get("path") != "":
			field.SetString(r.Path[tag.Get("path")])
		case tag.Get("header") != "":
			field.SetString(r.Header[strings.ToLower(tag.Get("header"))])
		case hasTag(tag, "signer"):
			field.SetString(r.Signer)
		case hasTag(tag, "caller"):
			field.SetString(r.Caller)
		case tag.Get("query") != "":
			if err := bindQuery(field, tag.Get("query"), r.Query); err != nil {
				return err
			}
		case tag.Get("body") == "raw":
			field.SetBytes(r.Body)
		case tag.Get("body") == "json,optional" && len(bytes.TrimSpace(r.Body)) == 0:
		case strings.HasPrefix(tag.Get("body"), "json"):
			if err := json.Unmarshal(r.Body, field.Addr().Interface(), nullIsMissing); err != nil {
				return explain(err, r.Body)
			}
		}
	}
	if checked, ok := in.(Validator); ok {
		return checked.Validate()
	}
	return nil
}

func hasTag(tag reflect.StructTag, name string) bool {
	_, has := tag.Lookup(name)
	return has
}

func bindQuery(field reflect.Value, name string, query map[string]string) error {
	text, there := query[name]
	if !there {
		return nil
	}
	if field.Kind() == reflect.String {
		field.SetString(text)
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return failure.InvalidField(name, "%s must be an integer", name)
	}
	field.Set(reflect.ValueOf(&n))
	return nil
}

// nullIsMissing refuses null as the body and as an element of an array, where it
// would pass for a zero that nobody sent.
var nullIsMissing = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, target any) error {
	if within, _ := d.StackIndex(d.StackDepth()); within != '{' && d.PeekKind() == 'n' {
		return &json.SemanticError{JSONKind: 'n', GoType: reflect.TypeOf(target).Elem()}
	}
	return errors.ErrUnsupported // not for us: it is read as usual
}))

// explain says in the caller's words what the JSON package says in Go's.
func explain(err error, body []byte) error {
	var semantic *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &semantic):
		field := name(semantic.JSONPointer)
		return failure.InvalidField(field, "%s %s", field, misfit(semantic))
	case errors.As(err, &syntax):
		field := name(syntax.JSONPointer)
		return failure.InvalidField(field, "%s %s", field, flaw(syntax, body))
	default:
		return failure.InvalidField("body", "the body is not valid JSON")
	}
}

// flaw says what keeps the body from being JSON.
func flaw(err *jsontext.SyntacticError, body []byte) string {
	switch r, size := utf8.DecodeRune(body[min(int(err.ByteOffset), len(body)):]); {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "is there twice"
	case len(bytes.TrimSpace(body)) == 0:
		return "is empty; it must be JSON"
	case bytes.HasPrefix(body, []byte("\ufeff")): // no editor shows it
		return "begins with a byte-order mark; send it without one"
	case r == utf8.RuneError && size == 1:
		return fmt.Sprintf("is not valid UTF-8 (at byte %d)", err.ByteOffset)
	default:
		return fmt.Sprintf("is not valid JSON (at byte %d)", err.ByteOffset)
	}
}

// longestName is how much of a field's name an error shows, in bytes: names and
// depth are the caller's, and would go back twice in every answer.
const longestName = 100

// name turns a JSON pointer into the way people write it: "/a/3/b" into "a[3].b".
func name(pointer jsontext.Pointer) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			fmt.Fprintf(&b, "[%s]", token)
			continue
		case token == "":
			token = `""`
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(token)
	}
	switch whole := b.String(); {
	case whole == "":
		return "body"
	case len(whole) > longestName:
		return strings.ToValidUTF8(whole[:longestName], "") + "…"
	default:
		return whole
	}
}

// misfit says why a value does not go where it is meant to go.
func misfit(err *json.SemanticError) string {
	if errors.Is(err, strconv.ErrRange) {
		return "is out of range"
	}
	if err.GoType == nil {
		return "must be something else"
	}
	switch err.GoType.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if err.JSONKind == '0' { // 1.0 and 1e3 too: not every language writes or reads them exactly
			return "must be an integer, without a fraction or an exponent"
		}
		return "must be an integer"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "must be an integer of 0 or more"
	case reflect.Float32, reflect.Float64:
		return "must be a number"
	case reflect.String:
		return "must be a string"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Slice, reflect.Array:
		return "must be an array"
	case reflect.Struct, reflect.Map:
		return "must be an object"
	default:
		return "must be something else"
	}
}
