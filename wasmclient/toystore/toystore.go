// Package toystore is the toy store as its clients see it, the same over every
// protocol. Its subpackages are the protocols, and the load test.
package toystore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what a client may ask for.
const (
	MaxName     = 100       // bytes
	MaxQuantity = 1_000_000 // pieces a purchase
	MaxKey      = 255       // bytes of an idempotency key
)

// Untold is a price or a stock that the protocol does not tell.
const Untold = -1

// ErrNoSuchToy is an answer as good as others: the store has no toy of that name.
var ErrNoSuchToy = errors.New("there is no such toy")

// Toy is what a client learns of a toy.
type Toy struct {
	Name  string
	Price int64 // cents, or Untold
	Stock int64 // pieces, or Untold for at least one
}

// Purchase is what a client wants to buy.
type Purchase struct {
	Toy      string
	Quantity int64  // pieces, 1 to MaxQuantity
	Key      string // the idempotency key, "" for none
}

// Sale is what became of a purchase.
type Sale struct {
	Result Result
	Stock  int64 // pieces that are left, or Untold
}

// Result says whether a purchase is sold, whole, or nothing of it.
type Result int

// The results.
const (
	Bought Result = iota
	OutOfStock
)

// String returns the result's name, as HTTP has it.
func (r Result) String() string { return [...]string{"bought", "out_of_stock"}[r] }

// Client is a client of a toy store. It makes each call once, keeps its connections
// and is safe for concurrent use.
type Client interface {
	// Query returns a toy, also one that is out of stock.
	// Errors: ErrNoSuchToy, *Error.
	Query(ctx context.Context, name string) (Toy, error)

	// Buy buys all that is asked for, or nothing.
	// Errors: ErrNoSuchToy, *Error.
	Buy(ctx context.Context, p Purchase) (Sale, error)

	// Close gives the connections up, when no call is under way.
	Close() error
}

// Check says why a purchase can't be asked for. One line, as protocols need it, is
// what CheckName sees to.
func (p Purchase) Check() error {
	switch {
	case p.Quantity < 1 || p.Quantity > MaxQuantity:
		return fmt.Errorf("quantity must be 1 to %d, not %d", MaxQuantity, p.Quantity)
	case len(p.Key) > MaxKey || !utf8.ValidString(p.Key) || strings.ContainsFunc(p.Key, unicode.IsControl):
		return fmt.Errorf("the idempotency key must be a line of at most %d bytes", MaxKey)
	}
	return CheckName(p.Toy)
}

// CheckName says why a text can't be the name of a toy.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a toy's name must not be empty")
	case len(name) > MaxName:
		return fmt.Errorf("a toy's name has at most %d bytes, not %d", MaxName, len(name))
	case !utf8.ValidString(name):
		return fmt.Errorf("name %q is not valid UTF-8", name)
	case strings.ContainsFunc(name, breaksLine):
		return fmt.Errorf("name %q has a line break or another control character", name)
	case name[0] == ' ' || name[len(name)-1] == ' ':
		return fmt.Errorf("name %q begins or ends with a space", name)
	}
	return nil
}

func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
