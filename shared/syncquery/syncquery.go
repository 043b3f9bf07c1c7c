// Package syncquery reads several resources in one moment, where each lives
// behind an endpoint that must be locked first: every endpoint involved is locked
// before the first resource is read, and none is freed before the last one was.
//
// A strategy is a Machine, which does no input or output: events go in and commands come
// out. A Client runs one over the interface Server; the subpackages speak the old HTTP
// API and our own over net/http (overhttp) and over a browser's or Node's fetch
// (overfetch). A simulation runs many on a virtual clock.
//
// What holds for every strategy: a lock is freed on every path, also when the
// query is cancelled or something panics; only locks that the server said it gave
// us are ever freed; a request to free one is never repeated when its answer was
// lost, since the repeat may free somebody else's. The price is that such a lock
// may stay: Close names those endpoints.
package syncquery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Server is one call each to a server of lockable endpoints. Calls make one
// attempt and return the errors below, or others that no retry will mend. They
// are safe for concurrent use.
type Server interface {
	// Registry lists the endpoints. Errors: ErrNotDone, ErrAnswerLost.
	Registry(ctx context.Context) (Registry, error)

	// Lock locks an endpoint. Errors: ErrAlreadyLocked, ErrEndpointNotFound,
	// ErrNotDone, ErrAnswerLost.
	Lock(ctx context.Context, endpoint string) error

	// Unlock frees an endpoint, whoever locked it. Errors: ErrAlreadyUnlocked,
	// ErrEndpointNotFound, ErrNotDone, ErrAnswerLost.
	Unlock(ctx context.Context, endpoint string) error

	// Read returns a resource's state through a locked endpoint. Errors:
	// ErrEndpointNotFound, ErrResourceNotServed, ErrNotLocked, ErrNotDone, ErrAnswerLost.
	Read(ctx context.Context, endpoint string, resource int64) (string, error)
}

// Together is a server that may be able to make a whole synchronized reading by
// itself, next to its data. Safe for concurrent use.
type Together interface {
	Server

	// ReadsTogether says whether it is. Errors: ErrNotDone, ErrAnswerLost.
	ReadsTogether(ctx context.Context) (bool, error)

	// ReadTogether reads the resources, at most MaxTogether, in one moment, and waits
	// that long at most for the endpoints involved. It has no effect, so it can be
	// repeated. Errors: *UnknownResourcesError, ErrNotDone, ErrAnswerLost.
	ReadTogether(ctx context.Context, ids []int64, wait time.Duration) (map[int64]string, error)
}

// MaxTogether is how many resources one ReadTogether reads.
const MaxTogether = 1000

// Strategy is a way of answering queries.
type Strategy string

// The strategies, from the naive one to the one to use.
const (
	// Serial: one query at a time, and in it one call at a time.
	Serial Strategy = "serial"
	// Baseline: one query at a time, its reads in parallel: the usual client.
	Baseline Strategy = "baseline"
	// Cover: each query by a smallest cover of its resources, as many queries at once as
	// have no endpoint in common.
	Cover Strategy = "cover"
	// Group: all queries that wait are answered from one synchronized reading; a server
	// that can make it by itself is left to do so.
	Group Strategy = "group"
)

// Strategies lists every strategy.
func Strategies() []Strategy { return []Strategy{Serial, Baseline, Cover, Group} }

// StrategyNames lists the names of all strategies, comma-separated.
func StrategyNames() string { return join(Strategies()) }

// Options change how a client behaves.
type Options struct {
	// Alone is the caller's word that nobody else uses the server. Then an endpoint
	// whose answer was lost is freed by the client: any lock on it is its own.
	Alone bool
	// CallTimeout ends a call that is not answered, as a lost answer. Reading may
	// take long by design and has three times as much. Default: 10 s.
	CallTimeout time.Duration
	// Observe, if not nil, is told whatever happens, one after the other. It must not
	// call back.
	Observe func(Happening)
	// Without leaves one of the rules out by which clients share an old server, to measure
	// what it is worth.
	Without Rule
}

// Rule is one of the rules by which clients share a server that knows no queue.
type Rule string

// The rules.
const (
	// OrderedWait: who waits for an endpoint holds only what comes before it in an order
	// that all see the same.
	OrderedWait Rule = "ordered-wait"
	// ReleaseBeforeWaiting: everything above that is freed before the wait, and the rest
	// when the wait gets long.
	ReleaseBeforeWaiting Rule = "release-before-waiting"
	// Turnstile: the first endpoint, the rarest, is waited for with empty hands, before
	// any other is tried.
	Turnstile Rule = "turnstile"
	// CourtesyPause: what was freed is left alone for a moment when others are about.
	CourtesyPause Rule = "courtesy-pause"
)

// Rules lists every rule.
func Rules() []Rule { return []Rule{OrderedWait, ReleaseBeforeWaiting, Turnstile, CourtesyPause} }

// RuleNames lists the names of all rules, comma-separated.
func RuleNames() string { return join(Rules()) }

// CheckRule returns an error for what is no rule; none at all is well.
func CheckRule(r Rule) error {
	if r == "" || slices.Contains(Rules(), r) {
		return nil
	}
	return fmt.Errorf("without has no rule %q: it is one of %s", string(r), RuleNames())
}

func join[T ~string](all []T) string {
	var names []string
	for _, one := range all {
		names = append(names, string(one))
	}
	return strings.Join(names, ",")
}

func (o Options) withDefaults() Options {
	if o.CallTimeout <= 0 {
		o.CallTimeout = 10 * time.Second
	}
	return o
}

// readTimeout is how long a read may take: reading takes its time by design.
func (o Options) readTimeout() time.Duration { return 3 * o.CallTimeout }
