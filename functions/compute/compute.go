// Package compute estimates pi on every core there is and beyond one machine, fetches
// quotes over TCP and UDP, and counts who logs in.
//
// The package is the domain: the rules and the operations. Its subpackages are the
// quotes' client and server, the store on DynamoDB, and the ways to run shards.
package compute

import (
	"log/slog"
	"time"

	"lockstep/functions/compute/quote"
	"lockstep/shared/pi"
)

// Service is the compute service. Safe for concurrent use.
type Service struct {
	Store  Store
	Runner Runner // of cluster runs

	// Server is the log of logins, failed logins and refused input. It never sees a
	// password. Nil logs where everything else is logged.
	Server *slog.Logger

	Pi *pi.Pool // the cores that there are, for all requests together

	ShardsAtATime int // of a run, at least 1

	// ShardFaults is how often a shard is to fail before it is computed, by its number: to
	// see that runs survive that. Empty but in tests.
	ShardFaults map[int]int

	QuoteAddr string        // host and port of the quote server
	Quotes    quote.Fetcher // how quotes are fetched
}

// server returns the server log.
func (s *Service) server() *slog.Logger {
	if s.Server == nil {
		return slog.Default()
	}
	return s.Server
}

// seconds is how answers tell a time.
func seconds(d time.Duration) float64 { return d.Seconds() }
