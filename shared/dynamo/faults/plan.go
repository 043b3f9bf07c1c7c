package faults

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"time"
)

// Nth is the plan of one fault, at the n-th attempt at the call, counted from 1.
func Nth(call string, n int, fault Fault) Plan {
	return func(a Attempt) Fault {
		if a.Call == call && a.N == n {
			return fault
		}
		return None
	}
}

// Every is the plan of a fault at every n-th attempt at the call: at each one if n is 1.
func Every(call string, n int, fault Fault) Plan {
	return func(a Attempt) Fault {
		if a.Call == call && a.N%n == 0 {
			return fault
		}
		return None
	}
}

// Random is the plan of a fault at a share of all attempts, between 0 and 1, drawn from
// kinds: for reads only from those whose difference a reader sees (Throttled,
// ServerError, Unsent, Lost, Delayed), for calls about whole tables never. The waits of
// Delayed and Late.After are drawn too, up to the given one.
//
// The seed alone decides what happens to the n-th attempt at a call, so that a failure
// can be repeated: goroutines that draw in another order change nothing.
func Random(seed uint64, share float64, kinds ...Fault) Plan {
	return func(a Attempt) Fault {
		var fitting []Fault
		for _, f := range kinds {
			if f.fits(a.Call) {
				fitting = append(fitting, f)
			}
		}
		source := rand.New(rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "%d %s %d", seed, a.Call, a.N)))) //nolint:gosec // to be repeated, not a secret
		if source.Float64() >= share || len(fitting) == 0 {
			return None
		}
		fault := fitting[source.IntN(len(fitting))]
		if fault.wait > 0 {
			fault.wait = time.Duration(source.Int64N(int64(fault.wait)) + 1)
		}
		return fault
	}
}
