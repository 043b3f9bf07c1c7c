// Package shop is the shop as its clients see it. Its subpackages are the way over
// HTTP, the smoke test and the load test.
package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what a client may ask for.
const (
	MaxID       = 200           // bytes of a product's id
	MaxTitle    = 1000          // bytes
	MaxNumber   = 1<<53 - 1     // of any integer: what JSON's numbers hold exactly
	MaxLines    = 500           // of an order
	MaxQuantity = 1_000_000_000 // pieces a line
	MaxKey      = 255           // bytes of an idempotency key
	MaxPage     = 1000          // entries
)

// Product is a product as it is now.
type Product struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Capacity int64  `json:"passenger_capacity"`
	Speed    int64  `json:"maximum_speed"` // at most
	Stock    int64  `json:"in_stock"`      // pieces
}

// Price is a decimal such as "100000.99". In JSON it is read as a string or a number,
// digit by digit, and written as a string.
type Price string

// UnmarshalJSON reads a price.
func (p *Price) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, (*string)(p))
	}
	var number json.Number
	if err := json.Unmarshal(text, &number); err != nil {
		return err
	}
	*p = Price(number)
	return nil
}

// Line is one line of an order that is to be created.
type Line struct {
	Product  string `json:"product_id"`
	Quantity int64  `json:"quantity"` // pieces, 1 to MaxQuantity
	Price    Price  `json:"price"`
}

// Placed is a line of an order that stands.
type Placed struct {
	ID int64 `json:"id"` // its place in the order, from 1
	Line
}

// Order is an order as lists have it.
type Order struct {
	ID    int64    `json:"id"`
	Lines []Placed `json:"order_details"`
}

// Shown is a line with its product.
type Shown struct {
	Placed
	Image string   `json:"image"`   // the address of a picture
	Now   *Product `json:"product"` // as it is now; nil when it was deleted since
}

// Details are an order by itself.
type Details struct {
	ID    int64   `json:"id"`
	Lines []Shown `json:"order_details"`
}

// Page says which part of a list is asked for. The zero value is its first page, as
// long as the server makes it.
type Page struct {
	Limit  int    // entries at most, up to MaxPage; 0 for the server's own limit
	Cursor string // where it begins, as the page before says
}

// Listed is a page of a list.
type Listed[T any] struct {
	Entries []T
	Next    *Page // nil on the last page
}

// Client is a client of a shop. It makes each call once, keeps its connections and is
// safe for concurrent use. Every error is an *Error; one of the code ProductNotFound,
// OrderNotFound or OutOfStock is an answer as good as others.
type Client interface {
	// CreateProduct creates a product, or replaces the one of that id, with its stock.
	CreateProduct(ctx context.Context, p Product) error

	// Product returns a product. Errors: ProductNotFound.
	Product(ctx context.Context, id string) (Product, error)

	// DeleteProduct removes a product. Orders of it stay. Errors: ProductNotFound.
	DeleteProduct(ctx context.Context, id string) error

	// Products returns a page of the products.
	Products(ctx context.Context, page Page) (Listed[Product], error)

	// CreateOrder takes the stock of every line and returns the order's id, or does
	// neither. The same key gives the same order once; "" is none, and each call
	// another order. Errors: ProductNotFound, OutOfStock.
	CreateOrder(ctx context.Context, lines []Line, key string) (id int64, err error)

	// Order returns an order with its products. Errors: OrderNotFound.
	Order(ctx context.Context, id int64) (Details, error)

	// Orders returns a page of the orders, the oldest first.
	Orders(ctx context.Context, page Page) (Listed[Order], error)

	// Export calls each with every order, the oldest first, until it returns an error,
	// which is then Export's.
	Export(ctx context.Context, each func(Order) error) error

	// Close gives the connections up, when no call is under way.
	Close() error
}

// Check says why a product can't be asked for.
func (p Product) Check() error {
	if p.Title == "" || len(p.Title) > MaxTitle || !utf8.ValidString(p.Title) {
		return fmt.Errorf("a title must have 1 to %d bytes of UTF-8, not %d", MaxTitle, len(p.Title))
	}
	for name, value := range map[string]int64{"passenger capacity": p.Capacity, "maximum speed": p.Speed, "stock": p.Stock} {
		if value < 0 || value > MaxNumber {
			return fmt.Errorf("a %s must be 0 to 2^53-1, not %d", name, value)
		}
	}
	return CheckID(p.ID)
}

// CheckID says why a text can't be the id of a product.
func CheckID(id string) error {
	switch {
	case id == "":
		return errors.New("a product's id must not be empty")
	case len(id) > MaxID:
		return fmt.Errorf("a product's id has at most %d bytes, not %d", MaxID, len(id))
	case id == "." || id == "..", strings.Contains(id, "/"):
		return fmt.Errorf("no product has the id %q: it has a slash, or stands for a folder", id)
	case !utf8.ValidString(id):
		return fmt.Errorf("id %q is not valid UTF-8", id)
	}
	return nil
}

// CheckOrder says why an order can't be asked for. What its prices are is for the shop to say.
func CheckOrder(lines []Line, key string) error {
	if len(lines) < 1 || len(lines) > MaxLines {
		return fmt.Errorf("an order has 1 to %d lines, not %d", MaxLines, len(lines))
	}
	if len(key) > MaxKey || !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) {
		return fmt.Errorf("the idempotency key must be a line of at most %d bytes", MaxKey)
	}
	for i, l := range lines {
		if err := CheckID(l.Product); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		if l.Quantity < 1 || l.Quantity > MaxQuantity {
			return fmt.Errorf("line %d: a quantity is 1 to %d, not %d", i+1, MaxQuantity, l.Quantity)
		}
	}
	return nil
}
