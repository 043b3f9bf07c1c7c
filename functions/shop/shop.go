// Package shop sells products: an order and the stock that it takes are one step, all
// or nothing, and neither slows down as orders pile up.
//
// The package is the domain: products, orders, the rules, the operations, and the store
// in memory. Its subpackage dynamo is the store on DynamoDB.
package shop

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"lockstep/shared/failure"
)

// Limits of what is sold.
const (
	MaxID       = 200           // bytes of a product's id
	MaxTitle    = 1000          // bytes
	MaxNumber   = 1<<53 - 1     // of any integer: what JSON's numbers hold exactly
	MaxLines    = 500           // of an order
	MaxDistinct = 98            // products of an order: with the order and its key, what one transaction holds
	MaxQuantity = 1_000_000_000 // pieces a line
	MaxKey      = 255           // bytes of an idempotency key
	MaxBody     = 1 << 20       // bytes of a request
)

// KeyLife is for how long an idempotency key is remembered.
const KeyLife = 24 * time.Hour

// DefaultImageRoot is where products' images are unless a Service says otherwise.
const DefaultImageRoot = "http://www.example.com/airship/images"

// Product is what the shop has of a product.
type Product struct {
	ID, Title string
	Capacity  int64 // passengers, at least 0
	Speed     int64 // the maximum, at least 0
	Stock     int64 // pieces, at least 0
}

// Line is one line of an order.
type Line struct {
	Product  string // its id
	Price    int64  // cents, 0 to 10^18
	Quantity int64  // pieces, 1 to MaxQuantity
}

// Order is an order as it was placed. It never changes.
type Order struct {
	ID    int64
	Lines []Line // at least one
}

// Service is the shop. Safe for concurrent use.
type Service struct {
	Store     Store
	ImageRoot string // without a slash at its end; "" for DefaultImageRoot
}

// The names of errors that failure's codes alone don't tell apart.
const (
	NoSuchProduct = "PRODUCT_NOT_FOUND"
	NoSuchOrder   = "ORDER_NOT_FOUND"
	OutOfStock    = "OUT_OF_STOCK"
)

// CheckID says what keeps a text from being the id of a product, as a failure.Invalid of
// the field.
func CheckID(field, id string) error {
	switch {
	case id == "":
		return failure.InvalidField(field, "%s must not be empty", field)
	case len(id) > MaxID:
		return failure.InvalidField(field, "%s has %d bytes; a product's id has at most %d", field, len(id), MaxID)
	case id == "." || id == "..": // no path keeps them
		return failure.InvalidField(field, "%s must be neither '.' nor '..'", field)
	case strings.Contains(id, "/"):
		return failure.InvalidField(field, "%s must not have a slash", field)
	case !utf8.ValidString(id):
		return failure.InvalidField(field, "%s is not valid UTF-8", field)
	}
	return nil
}

// noProduct is the refusal of a product's id that there is no product of.
func noProduct(id string) error {
	return &failure.Error{Code: failure.NotFound, Name: NoSuchProduct, Message: "Product ID " + id + " does not exist", Err: ErrNoSuchProduct}
}

// inWords says a store's error in the caller's words.
func inWords(err error) error {
	unknown, short := new(UnknownError), new(ShortError)
	switch {
	case errors.As(err, &unknown):
		return &failure.Error{Code: failure.NotFound, Name: NoSuchProduct, Message: "Product Id " + unknown.Product, Err: err}
	case errors.As(err, &short):
		f := failure.New(failure.Conflict, "product %s is out of stock: asked for %d, available %d", short.Product, short.Asked, short.Available)
		f.Name, f.Err = OutOfStock, err
		return f
	case errors.Is(err, ErrKeyUsed):
		return &failure.Error{
			Code: failure.Unprocessable, Field: keyField,
			Message: "the Idempotency-Key has created another order", Err: err,
		}
	}
	return err
}
