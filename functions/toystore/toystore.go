// Package toystore sells toys while the stock runs out: never more than there were,
// over any mix of protocols, and without making those who only ask wait.
//
// The package is the domain: toys, the rules, and the operations. Its subpackages are
// the ways in (lines for TCP, rpc for gRPC and Connect) and the store on DynamoDB.
package toystore

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lockstep/shared/failure"
)

// Limits of what is sold.
const (
	MaxName     = 100       // bytes
	MaxPrice    = 1e12      // cents
	MaxStock    = 1<<53 - 1 // pieces: what JSON's numbers hold exactly
	MaxQuantity = 1_000_000 // pieces a purchase
	MaxKey      = 255       // bytes of an idempotency key
)

// KeyLife is for how long an idempotency key is remembered.
const KeyLife = 24 * time.Hour

// keyField is what errors call the idempotency key.
const keyField = "idempotency_key"

// Toy is what the catalogue has of a toy.
type Toy struct {
	Name  string
	Price int64 // cents, at least 1
	Stock int64 // pieces, at least 0
}

// Purchase is what a buyer asks for.
type Purchase struct {
	Toy      string
	Quantity int64  // pieces, 1 to MaxQuantity
	Key      string // the idempotency key, "" for none
}

// Sale is what a buyer gets.
type Sale struct {
	Result Result
	Stock  int64 // pieces that are left, as of the sale or later
}

// Result says what became of a purchase. There is no such toy is an error, not one of
// these.
type Result int

// The results.
const (
	Bought Result = iota
	OutOfStock
)

// String returns the result as HTTP tells it.
func (r Result) String() string { return [...]string{"bought", "out_of_stock"}[r] }

// Service is the toy store, the same over every protocol. Safe for concurrent use.
type Service struct {
	Store Store

	// Processing is a time that each query and each purchase takes on top, to load
	// the service with.
	Processing time.Duration
}

// Query returns a toy. Errors: failure.NotFound, failure.Invalid, the store's.
func (s *Service) Query(ctx context.Context, name string) (Toy, error) {
	if err := CheckName("name", name); err != nil {
		return Toy{}, err
	}
	if err := s.process(ctx); err != nil {
		return Toy{}, err
	}
	toy, err := s.Store.Toy(ctx, name)
	return toy, inWords(err, name)
}

// Buy sells all of a purchase or nothing. What a key has bought is bought once,
// however often it comes, for KeyLife; a refusal is not remembered, so that the same
// key may buy once there is stock again.
// Errors: failure.NotFound, failure.Invalid; failure.Unprocessable if the key has
// bought something else; failure.Upstream if nobody knows whether it was sold.
func (s *Service) Buy(ctx context.Context, p Purchase) (Sale, error) {
	if err := p.check(); err != nil {
		return Sale{}, err
	}
	if err := s.process(ctx); err != nil {
		return Sale{}, err
	}
	sale, err := s.Store.Buy(ctx, p)
	return sale, inWords(err, p.Toy)
}

func (s *Service) process(ctx context.Context) error {
	if s.Processing <= 0 {
		return nil
	}
	timer := time.NewTimer(s.Processing)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p Purchase) check() error {
	if err := CheckName("name", p.Toy); err != nil {
		return err
	}
	if p.Quantity < 1 || p.Quantity > MaxQuantity {
		return failure.InvalidField("quantity", "quantity must be 1 to %d, not %d", MaxQuantity, p.Quantity)
	}
	if len(p.Key) > MaxKey || !utf8.ValidString(p.Key) {
		return failure.InvalidField(keyField, "the idempotency key must be UTF-8 of at most %d bytes", MaxKey)
	}
	return nil
}

// CheckName says what keeps a text from being the name of a toy, as a
// failure.Invalid of the field.
func CheckName(field, name string) error {
	switch {
	case name == "":
		return failure.InvalidField(field, "%s must name a toy", field)
	case len(name) > MaxName:
		return failure.InvalidField(field, "%s has %d bytes; a toy's name has at most %d", field, len(name), MaxName)
	case !utf8.ValidString(name):
		return failure.InvalidField(field, "%s is not valid UTF-8", field)
	case strings.ContainsFunc(name, breaksLine):
		return failure.InvalidField(field, "%s has a line break or another control character", field)
	case name[0] == ' ' || name[len(name)-1] == ' ':
		return failure.InvalidField(field, "%s begins or ends with a space", field) // the line protocol drops those
	}
	return nil
}

func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

func inWords(err error, name string) error {
	switch {
	case errors.Is(err, ErrNoSuchToy):
		return &failure.Error{Code: failure.NotFound, Message: "there is no toy '" + name + "'", Err: err}
	case errors.Is(err, ErrKeyUsed):
		return &failure.Error{
			Code: failure.Unprocessable, Field: keyField,
			Message: "the idempotency key has bought something else", Err: err,
		}
	}
	return err
}
