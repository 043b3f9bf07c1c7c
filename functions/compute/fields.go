package compute

import (
	"regexp"
	"strconv"

	"lockstep/shared/failure"
)

// maxSeed is the largest seed: the largest integer that JSON's numbers hold exactly.
const maxSeed = 1<<53 - 1

// What is wrong with a field, in the contract's words: they name it, and are the whole
// answer.
func missing(field string) error { return failure.New(failure.Invalid, "missing field %s", field) }
func invalid(field string) error { return failure.New(failure.Invalid, "invalid field %s", field) }

var integerForm = regexp.MustCompile(`^-?[0-9]{1,18}$`)

// integer reads a field that is an integer as JSON writes one: 100.0, 1e2, "100", true
// and null are none. there is false if it is missing.
func (f fields) integer(field string, least, most int64) (n int64, there bool, err error) {
	value, there := f[field]
	if !there {
		return 0, false, nil
	}
	if !integerForm.Match(value) {
		return 0, true, invalid(field)
	}
	n, err = strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < least || n > most {
		return 0, true, invalid(field)
	}
	return n, true, nil
}

// mustInteger is integer for a field that must be there.
func (f fields) mustInteger(field string, least, most int64) (int64, error) {
	n, there, err := f.integer(field, least, most)
	if err == nil && !there {
		return 0, missing(field)
	}
	return n, err
}

// integerOr is integer for a field that has a default.
func (f fields) integerOr(field string, least, most, otherwise int64) (int64, error) {
	n, there, err := f.integer(field, least, most)
	if !there {
		return otherwise, nil
	}
	return n, err
}

// oneOf reads a field that must be one of some texts.
func (f fields) oneOf(field string, texts ...string) (string, error) {
	value, there := f[field]
	if !there {
		return "", missing(field)
	}
	for _, t := range texts {
		if value.Kind() == '"' && text(value) == t {
			return t, nil
		}
	}
	return "", invalid(field)
}
