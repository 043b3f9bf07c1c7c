package quote

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"lockstep/shared/failure"
)

// The numbers of a Fetcher.
const (
	MaxQuotes  = 8               // quotes fetched at once, at most
	Tries      = 3               // how often one of them is tried for
	DefaultTry = 2 * time.Second // how long a try lasts at most
)

// pause is how long the next try waits at most, and half of that at least: a server that
// refuses does so at once, and the tries would be used up while it starts again.
const pause = 100 * time.Millisecond

// Fetcher fetches quotes. The zero value is ready to use, with the defaults, and any is
// safe for concurrent use.
type Fetcher struct {
	Try time.Duration // how long a try lasts at most, name look-up included; DefaultTry if zero

	// Dial opens a connection, as net.Dialer's DialContext does, which is the default.
	// A try opens one and closes it. Over UDP a Write is a datagram, a Read another, and
	// none is read that comes from somewhere else than address.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Fetch returns n quotes, 1 to MaxQuotes, fetched at once over protocol (TCP or UDP) from
// the server at address (host:port). Each is tried for up to Tries times, with a short
// random pause between two tries; it takes about Tries times f.Try at the longest. It is
// all or nothing: when one quote can't be had, the others are given up.
//
// A try fails when its time ends, when nobody listens, when the answer is empty or longer
// than MaxAnswer, and over TCP when the server has not closed: how much a quote still
// lacks is for the server to know, so what has come until then is none.
//
// Errors: failure.Upstream if a quote could not be had; failure.Invalid for another
// protocol or n; ctx's cause if it ended before.
func (f *Fetcher) Fetch(ctx context.Context, protocol, address string, n int) ([]string, error) {
	if protocol != TCP && protocol != UDP {
		return nil, failure.InvalidField("protocol", "invalid field protocol")
	}
	if n < 1 || n > MaxQuotes {
		return nil, failure.InvalidField("concurrency", "invalid field concurrency")
	}
	s := &source{protocol, address, cmp.Or(f.Try, DefaultTry), f.Dial}
	if s.dial == nil {
		s.dial = new(net.Dialer).DialContext
	}
	quotes := make([]string, n)
	all, ctx := errgroup.WithContext(ctx)
	for i := range quotes {
		all.Go(func() (err error) {
			quotes[i], err = s.quote(ctx)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	return quotes, nil
}

// source is where the quotes of one call come from.
type source struct {
	protocol, address string
	limit             time.Duration // of a try
	dial              func(ctx context.Context, network, address string) (net.Conn, error)
}

// quote fetches one. Errors: failure.Upstream, or the cause of ctx's end: the caller's,
// or the failure of another quote.
func (s *source) quote(ctx context.Context) (string, error) {
	var last error
	for try := range Tries {
		if try > 0 {
			sleep(ctx, pause/2+rand.N(pause/2)) //nolint:gosec // jitter, not a secret
		}
		quote, err := s.try(ctx)
		if err == nil {
			return quote, nil
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		last = err
	}
	return "", &failure.Error{Code: failure.Upstream, Message: "quote server unavailable", Err: last}
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
