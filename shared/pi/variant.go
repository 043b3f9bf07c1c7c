package pi

import (
	"fmt"
	"slices"
	"strings"
)

// Variant names an implementation of the sampler. They differ in speed only.
type Variant string

// The variants.
const (
	Auto     Variant = "auto"     // the fastest that this machine has
	AVX2     Variant = "avx2"     // amd64 with AVX2
	Portable Variant = "portable" // any machine
)

// implementation is a variant that this machine has.
type implementation struct {
	variant Variant
	kernel  kernel
}

var implementations = append(fast, implementation{Portable, countPortable})

// Variants returns those that this machine has, the fastest first, without Auto.
func Variants() []Variant {
	names := make([]Variant, len(implementations))
	for i, has := range implementations {
		names[i] = has.variant
	}
	return names
}

// VariantError is the error of New: this machine has no such variant.
type VariantError struct{ Variant Variant }

func (e *VariantError) Error() string {
	names := []string{string(Auto)}
	for _, has := range Variants() {
		names = append(names, string(has))
	}
	return fmt.Sprintf("no variant %q on this machine: it has %s", e.Variant, strings.Join(names, ", "))
}

// New returns the sampler of that variant, or a *VariantError if this machine has none.
func New(v Variant) (*Sampler, error) {
	if v == Auto {
		v = implementations[0].variant
	}
	i := slices.IndexFunc(implementations, func(has implementation) bool { return has.variant == v })
	if i < 0 {
		return nil, &VariantError{v}
	}
	return &Sampler{implementations[i]}, nil
}
