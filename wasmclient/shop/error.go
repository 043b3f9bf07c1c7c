package shop

import (
	"errors"
	"fmt"

	"lockstep/wasmclient/remote"
)

// Codes that a caller may want to tell from others.
const (
	BadRequest      = "BAD_REQUEST"
	ValidationError = "VALIDATION_ERROR"
	ProductNotFound = "PRODUCT_NOT_FOUND"
	OrderNotFound   = "ORDER_NOT_FOUND"
	OutOfStock      = "OUT_OF_STOCK"
)

// Error is a call that has no answer to its question. Its Code is the shop's name for it.
type Error = remote.Error

// CodeOf returns the code of an *Error, "" for any other error and for nil.
func CodeOf(err error) string {
	if failed := new(Error); errors.As(err, &failed) {
		return failed.Code
	}
	return ""
}

// Wrong returns the error of an answer that no shop gives.
func Wrong(where, format string, args ...any) *Error {
	return &Error{Message: where + " answers what no shop does: " + fmt.Sprintf(format, args...), InDoubt: true}
}
