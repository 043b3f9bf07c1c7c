package shop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Codes that a caller may want to tell from others.
const (
	BadRequest      = "BAD_REQUEST"
	ValidationError = "VALIDATION_ERROR"
	ProductNotFound = "PRODUCT_NOT_FOUND"
	OrderNotFound   = "ORDER_NOT_FOUND"
	OutOfStock      = "OUT_OF_STOCK"
)

// Error is a call that has no answer to its question.
type Error struct {
	Code    string        // the shop's name for it, "" for what is none of its answers
	Message string        // for people
	InDoubt bool          // it may have had its effect all the same
	Passing bool          // it may go better another time
	After   time.Duration // for how long the server wants to be left alone, 0 if it doesn't say
	Err     error         // the cause, if there is one
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of an *Error, "" for any other error and for nil.
func CodeOf(err error) string {
	if failed := new(Error); errors.As(err, &failed) {
		return failed.Code
	}
	return ""
}

// Lost returns the error of a call that ended without an answer from the server where.
// Where a connection is refused there is no server, which waiting will not change.
func Lost(ctx context.Context, where string, err error) *Error {
	var network *net.OpError
	dialing := errors.As(err, &network) && network.Op == "dial"
	switch {
	case ctx.Err() != nil:
		return &Error{Message: fmt.Sprintf("%s: %v", where, context.Cause(ctx)), InDoubt: !dialing, Err: context.Cause(ctx)}
	case dialing:
		return &Error{Message: fmt.Sprintf("%s can't be reached: %v", where, network.Err), Passing: network.Timeout(), Err: err}
	default:
		return &Error{Message: fmt.Sprintf("%s: the answer is lost: %v", where, err), InDoubt: true, Passing: true, Err: err}
	}
}

// Wrong returns the error of an answer that no shop gives.
func Wrong(where, format string, args ...any) *Error {
	return &Error{Message: where + " answers what no shop does: " + fmt.Sprintf(format, args...), InDoubt: true}
}
