package lease

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a request.
const (
	MaxKeys       = 100 // of one lease
	MaxKeyBytes   = 64
	MaxOwnerBytes = 100
	MinTTL        = 100 * time.Millisecond
	MaxTTL        = 15 * time.Minute
)

// Request says what to acquire.
type Request struct {
	// Secret is the lease's secret id, by which an acquire can be repeated. It needs
	// 128 random bits or more; only its hash is stored. Empty: it is drawn.
	Secret string
	Keys   []string      // 1 to MaxKeys of 1 to MaxKeyBytes, in any order, none twice
	Owner  string        // for people to read, up to MaxOwnerBytes
	TTL    time.Duration // how long the lease outlives its last renewal, MinTTL to MaxTTL
	// Repeatable tells that the same Secret may be sent again after an error: then what
	// an attempt leaves behind whose fate is unknown is left to expire, within 5 s.
	Repeatable bool
	Wait       time.Duration // how long Acquire waits at most; 0: until its context ends
}

// InvalidError says what is wrong with a request.
type InvalidError struct {
	Field  string // of Request
	Reason string
}

func (e *InvalidError) Error() string { return "lease: " + e.Field + " " + e.Reason }

// Validate returns an *InvalidError if the request can't be served.
func (r Request) Validate() error {
	switch {
	case len(r.Keys) == 0 || len(r.Keys) > MaxKeys:
		return &InvalidError{"Keys", fmt.Sprintf("must be 1 to %d, not %d", MaxKeys, len(r.Keys))}
	case len(r.Owner) > MaxOwnerBytes || !utf8.ValidString(r.Owner):
		return &InvalidError{"Owner", fmt.Sprintf("must be UTF-8 of at most %d bytes", MaxOwnerBytes)}
	case r.TTL < MinTTL || r.TTL > MaxTTL:
		return &InvalidError{"TTL", fmt.Sprintf("must be from %v to %v, not %v", MinTTL, MaxTTL, r.TTL)}
	}
	keys := slices.Sorted(slices.Values(r.Keys))
	for i, key := range keys {
		switch {
		case key == "" || len(key) > MaxKeyBytes || !utf8.ValidString(key):
			return &InvalidError{"Keys", fmt.Sprintf("must be UTF-8 of 1 to %d bytes, not %q", MaxKeyBytes, key)}
		case i > 0 && keys[i-1] == key:
			return &InvalidError{"Keys", fmt.Sprintf("has %q twice", key)}
		}
	}
	return nil
}

// NewSecret draws a secret id, of 130 random bits.
func NewSecret() string { return rand.Text() }

// PublicID returns the id by which a lease is known to everybody: a hash of its
// secret, from which nobody learns the secret.
func PublicID(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// Entry is what stands in a namespace for one acquisition, whether it is granted
// or still waits, or for a lock.
type Entry struct {
	ID        string   // of a-z, 0-9 and "-"
	Ticket    int64    // its place in line, and its fencing token
	Keys      []string // ascending
	Owner     string
	Since     time.Time     // when it was put in line, by its client's clock
	TTL       time.Duration // what a grant is worth
	Expires   time.Time     // when it may be evicted; zero: never
	Confirmed bool          // its grant was seen, and Expires set to the whole TTL
	Nonce     string        // drawn anew by each call that tries to put it in line
	Weight    int64         // what it counts against MaxWeight
}

// The weight of a namespace is an upper bound of its item's size in bytes, whose
// parts weigh a minimum, so that it bounds their number too: 500 entries.
const (
	MaxWeight  = 200_000
	minWeight  = 400
	tombWeight = 100
)

// weigh bounds what the entry takes in the namespace's item: two attributes under
// its id, and what their fields take beside text.
func (e Entry) weigh() int64 {
	bytes := 2*len(e.ID) + len(e.Owner) + len(e.Nonce) + 120
	for _, key := range e.Keys {
		bytes += len(key) + 4
	}
	return max(minWeight, int64(bytes))
}

// is says whether both are the same acquisition: of a lease one that is repeated with
// its secret, of a lock, whose id everybody uses, the same call.
func (e Entry) is(other Entry) bool {
	return e.ID == other.ID && (!e.IsLock() || e.sameCall(other))
}

// sameCall says whether one call has made both.
func (e Entry) sameCall(other Entry) bool { return e.ID == other.ID && e.Nonce == other.Nonce }

// shares says whether both entries want one key.
func (e Entry) shares(other Entry) bool { return e.sharedKey(other) != "" }

// sharedKey returns the first key that both want, "" if there is none.
func (e Entry) sharedKey(other Entry) string {
	for i, j := 0, 0; i < len(e.Keys) && j < len(other.Keys); {
		switch c := strings.Compare(e.Keys[i], other.Keys[j]); {
		case c == 0:
			return e.Keys[i]
		case c < 0:
			i++
		default:
			j++
		}
	}
	return ""
}

// Expired says whether the entry may be evicted at that time: it allows for clocks
// that differ by SkewAllowance.
func (e Entry) Expired(now time.Time) bool {
	return !e.Expires.IsZero() && now.After(e.Expires.Add(SkewAllowance))
}
