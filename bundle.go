// Package lockstep holds the files of the bundle that programs need at run time.
package lockstep

import _ "embed"

// Template is template.yaml: every function, table and permission of the bundle.
// What is tested has the very tables that are deployed.
//
//go:embed template.yaml
var Template []byte

// Registry is the registry to try things on, as GET /registry answers it.
//
//go:embed testdata/registry.json
var Registry []byte

// Toys is the first catalogue of the toy store: a JSON array of name, price and stock.
//
//go:embed testdata/toys.json
var Toys []byte

// Quotes are those of the quote server, in the form that quote.Parse reads.
//
//go:embed testdata/quotes.txt
var Quotes []byte
