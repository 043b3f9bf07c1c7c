package quote

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// DefaultMaxConns is how many connections a Server has at most, if it is not told.
const DefaultMaxConns = 512

// answerers is how many goroutines answer datagrams.
const answerers = 2

// Server is a quote server (RFC 865), for TCP and UDP. It gives its quotes in turn, each
// marked by how it was asked for: "T: " comes before a quote over TCP, "U: " before one
// over UDP, and CRLF after it.
//
// What it takes is bounded, whatever comes: a few goroutines answer datagrams, and what
// they don't get to, the system drops; a connection has one goroutine, for 5 seconds at
// most. When MaxConns later ones have come, a connection is closed before that: it has
// had its quote, and nobody has to wait for those who hold on to theirs.
//
// Who sends datagrams in another's name makes a quote server send that one quotes, up to
// hundreds of times as many bytes. That is the protocol, so keep it where it is not
// reached from outside: Listen is on loopback unless told otherwise. At least two servers
// never talk to each other for ever: nobody is answered whose port is below 1024, where
// services are and clients are not, or is the server's own.
type Server struct {
	Quotes   []string // at least one, each as Parse returns them
	MaxConns int      // at least 1; DefaultMaxConns if zero
}

// serving is what one call of Serve has.
type serving struct {
	maxConns int
	tcp, udp [][]byte // the answers
	given    atomic.Uint64
}

// Serve answers on l and p until ctx is done, lets connections have the quote that is on
// its way to them, and returns nil.
//
// Errors: that there are no quotes; those of l and p, if one of them fails by itself,
// which ends the other too. Serve closes both. It may run several times at once.
func (s *Server) Serve(ctx context.Context, l net.Listener, p net.PacketConn) error {
	all, ctx := errgroup.WithContext(ctx)
	closed := make(chan struct{})
	context.AfterFunc(ctx, func() {
		_ = l.Close()
		_ = p.Close()
		close(closed)
	})
	if len(s.Quotes) == 0 {
		all.Go(func() error { return errNoQuotes })
	} else {
		run := s.start()
		all.Go(func() error { return run.accept(ctx, l) })
		for range answerers {
			all.Go(func() error { return run.answer(ctx, p) })
		}
	}
	err := all.Wait()
	<-closed // the caller may want the port at once
	return err
}

// start makes the answers.
func (s *Server) start() *serving {
	run := &serving{maxConns: cmp.Or(s.MaxConns, DefaultMaxConns)}
	for _, q := range s.Quotes {
		run.tcp = append(run.tcp, []byte("T: "+q+"\r\n"))
		run.udp = append(run.udp, []byte("U: "+q+"\r\n"))
	}
	return run
}

// next returns the answer whose turn it is. The turns are those of both protocols.
func (s *serving) next(answers [][]byte) []byte {
	return answers[(s.given.Add(1)-1)%uint64(len(answers))]
}

// passing are the errors of a system that is short of something, for now, and of
// clients that went before they were served.
var passing = []syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.ECONNRESET,
}

// breather is how long to wait after a passing error.
const breather = 100 * time.Millisecond

// outlives says whether serving goes on after err, once it has waited a little, or ends
// because it is to, which is what made err.
func outlives(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true
	}
	if !slices.ContainsFunc(passing, func(e syscall.Errno) bool { return errors.Is(err, e) }) {
		return false
	}
	slog.WarnContext(ctx, "somebody was not served", "protocol", "quote", "error", err.Error())
	sleep(ctx, breather)
	return true
}
