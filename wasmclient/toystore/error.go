package toystore

import (
	"fmt"

	"lockstep/wasmclient/remote"
)

// Error is a call that has no answer to its question.
type Error = remote.Error

// Wrong returns the error of an answer that no toy store gives.
func Wrong(where, format string, args ...any) *Error {
	return &Error{Message: where + " answers what no toy store does: " + fmt.Sprintf(format, args...), InDoubt: true}
}
