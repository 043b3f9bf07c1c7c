package toystore

import (
	"encoding/json"
	"fmt"
)

// MaxStock is the largest stock, in pieces: what JSON's numbers hold exactly.
const MaxStock = 1<<53 - 1

// written is a toy in a catalogue's file, and as HTTP has it.
type written struct {
	Name  string `json:"name"`
	Price string `json:"price,omitempty"`
	Stock *int64 `json:"stock,omitempty"`
}

// MarshalJSON writes a toy with its price as people read it. What is Untold is left out.
func (t Toy) MarshalJSON() ([]byte, error) {
	told := written{Name: t.Name}
	if t.Price != Untold {
		told.Price = FormatPrice(t.Price)
	}
	if t.Stock != Untold {
		told.Stock = &t.Stock
	}
	return json.Marshal(told)
}

// UnmarshalJSON reads a toy with its price and its stock.
func (t *Toy) UnmarshalJSON(text []byte) error {
	var w written
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	price, err := ParsePrice(w.Price)
	if err != nil {
		return fmt.Errorf("toy %q: %w", w.Name, err)
	}
	if w.Stock == nil {
		return fmt.Errorf("toy %q has no stock", w.Name)
	}
	*t = Toy{Name: w.Name, Price: price, Stock: *w.Stock}
	return nil
}

// Check says why a toy can't be put into the store.
func (t Toy) Check() error {
	switch {
	case t.Price < 1 || t.Price > MaxPrice:
		return fmt.Errorf("a price is 0.01 to %s, not %s", FormatPrice(MaxPrice), FormatPrice(t.Price))
	case t.Stock < 0 || t.Stock > MaxStock:
		return fmt.Errorf("a stock is 0 to 2^53-1, not %d", t.Stock)
	}
	return CheckName(t.Name)
}

// ParseCatalogue reads toys from a JSON array of name, price and stock, each name once.
func ParseCatalogue(text []byte) ([]Toy, error) {
	var toys []Toy
	if err := json.Unmarshal(text, &toys); err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	seen := map[string]bool{}
	for _, toy := range toys {
		if err := toy.Check(); err != nil {
			return nil, fmt.Errorf("catalogue: toy %q: %w", toy.Name, err)
		}
		if seen[toy.Name] {
			return nil, fmt.Errorf("catalogue: toy %q is there twice", toy.Name)
		}
		seen[toy.Name] = true
	}
	return toys, nil
}
