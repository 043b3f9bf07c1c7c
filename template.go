// Package lockstep holds the bundle's template, so that what is tested has the
// very tables that are deployed.
package lockstep

import _ "embed"

// Template is template.yaml: every function, table and permission of the bundle.
//
//go:embed template.yaml
var Template []byte
