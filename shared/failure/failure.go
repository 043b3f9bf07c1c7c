// Package failure is the one error type that crosses the bundle's edges: a
// code that every protocol can map, and a message that is safe to show.
//
// An error of any other type is a bug or an outage: outside it reads
// "internal error", inside it is logged in full, once, at the edge.
package failure

import (
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure it is. The zero value is Internal, so that an
// error without a code never looks like the caller's fault.
type Code int

// The codes. HTTPStatus and String cover every one of them.
const (
	Internal           Code = iota // ours, or an outage; the message is never shown
	Invalid                        // the request is malformed; Field names where
	Unauthorized                   // who the caller is could not be established
	Refused                        // understood, but the state of things forbids it (HTTP 403)
	NotFound                       // what the request names does not exist
	Conflict                       // somebody else is in the way
	Gone                           // it existed, and will not come back
	PreconditionFailed             // a condition of the caller's does not hold any more
	TooLarge                       // the body is above the operation's limit
	Unprocessable                  // well-formed, but at odds with an earlier request
	Busy                           // a limit is reached; try again after RetryAfter
	Upstream                       // a server behind us did not answer
	Timeout                        // the operation's time is over
	codes                          // how many there are; keep it last
)

// Codes lists every code, for tests that must not miss a new one.
func Codes() []Code {
	all := make([]Code, codes)
	for i := range all {
		all[i] = Code(i)
	}
	return all
}

var known = [codes]struct {
	name   string
	status int
}{
	Internal:           {"internal", 500},
	Invalid:            {"invalid", 400},
	Unauthorized:       {"unauthorized", 401},
	Refused:            {"refused", 403},
	NotFound:           {"not_found", 404},
	Conflict:           {"conflict", 409},
	Gone:               {"gone", 410},
	PreconditionFailed: {"precondition_failed", 412},
	TooLarge:           {"too_large", 413},
	Unprocessable:      {"unprocessable", 422},
	Busy:               {"busy", 503},
	Upstream:           {"upstream", 502},
	Timeout:            {"timeout", 504},
}

// String returns the code's name, as logs show it.
func (c Code) String() string { return known[c].name }

// HTTPStatus returns the HTTP status that stands for the code.
func (c Code) HTTPStatus() int { return known[c].status }

// Error is a failure with a code and a message for the caller.
type Error struct {
	Code       Code
	Name       string        // what callers tell it from others by, such as "OUT_OF_STOCK", where that is shown; "" for none
	Message    string        // safe to show
	Field      string        // the field of the request that is wrong, if one is
	RetryAfter time.Duration // when to come back; zero if there is no saying
	Details    any           // a struct whose fields go beside the message; nil for none
	Err        error         // the cause, for logs only
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return fmt.Sprintf("%s: %v", e.Message, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of the code with a formatted message.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// InvalidField returns an Invalid error that names the field.
func InvalidField(field, format string, args ...any) *Error {
	return &Error{Code: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Of returns err as an *Error. One that is none already becomes an Internal
// error whose message gives nothing away.
func Of(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return &Error{Code: Internal, Message: "internal error", Err: err}
}
