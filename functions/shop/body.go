package shop

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lockstep/shared/failure"
)

// readObject fills into, a pointer to a struct of jsontext.Value, from a body that must
// be one JSON object. What is inside is not looked at beyond that it is JSON: no name
// twice, no invalid UTF-8. The error is of the field "body".
func readObject(body []byte, into any) error {
	var syntax *jsontext.SyntacticError
	switch err := json.Unmarshal(body, into); {
	case len(bytes.Trim(body, " \t\r\n")) == 0:
		return failure.InvalidField("body", "the body is empty; it must be a JSON object")
	case bytes.HasPrefix(body, []byte("\ufeff")): // no editor shows it
		return failure.InvalidField("body", "the body begins with a byte-order mark; send it without one")
	case !utf8.Valid(body):
		return failure.InvalidField("body", "the body is not valid UTF-8")
	case errors.Is(err, jsontext.ErrDuplicateName):
		return failure.InvalidField("body", "the body is not valid JSON: a name is there twice in one object")
	case errors.As(err, &syntax):
		return failure.InvalidField("body", "the body is not valid JSON (at byte %d)", syntax.ByteOffset)
	case err != nil || jsontext.Value(body).Kind() != '{':
		return failure.InvalidField("body", "the body must be a JSON object")
	}
	return nil
}

// inside fills into from an object inside of a body that readObject has read.
func inside(v jsontext.Value, field string, into any) error {
	if err := is('{', "an object", v, field); err != nil {
		return err
	}
	return json.Unmarshal(v, into)
}

// is says that a value is missing or of another kind, as a failure.Invalid of its field.
func is(kind jsontext.Kind, inWords string, v jsontext.Value, field string) error {
	switch v.Kind() {
	case kind:
		return nil
	case jsontext.KindInvalid: // there is no such value in what was read
		return failure.InvalidField(field, "%s is missing", field)
	case jsontext.KindNull:
		return failure.InvalidField(field, "%s must not be null", field)
	default:
		return failure.InvalidField(field, "%s must be %s", field, inWords)
	}
}

// text reads a string.
func text(v jsontext.Value, field string) (string, error) {
	if err := is(jsontext.KindString, "a string", v, field); err != nil {
		return "", err
	}
	unquoted, err := jsontext.AppendUnquote(nil, v)
	return string(unquoted), err
}

// integer reads an integer from least to most: a number without a fraction or an
// exponent, which not every language writes or reads exactly.
func integer(v jsontext.Value, field string, least, most int64) (int64, error) {
	if err := is(jsontext.KindNumber, "an integer", v, field); err != nil {
		return 0, err
	}
	if bytes.ContainsAny(v, ".eE") {
		return 0, failure.InvalidField(field, "%s must be an integer, without a fraction or an exponent", field)
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil || n < least || n > most {
		return 0, failure.InvalidField(field, "%s must be from %d to %d", field, least, most)
	}
	return n, nil
}

// price reads a decimal as a number or as a string.
func price(v jsontext.Value, field string) (cents int64, err error) {
	decimal := string(v)
	if v.Kind() != jsontext.KindNumber {
		if err := is(jsontext.KindString, "a decimal as a string or a number", v, field); err != nil {
			return 0, err
		}
		if decimal, err = text(v, field); err != nil {
			return 0, err
		}
	}
	if cents, err = ParsePrice(decimal); err != nil {
		return 0, failure.InvalidField(field, "%s %s", field, err)
	}
	return cents, nil
}
