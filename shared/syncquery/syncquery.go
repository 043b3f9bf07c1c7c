// Package syncquery reads several resources in one moment, where each lives
// behind an endpoint that must be locked first: every endpoint involved is locked
// before the first resource is read, and none is freed before the last one was.
//
// A Client answers queries by one of the strategies. It reaches the server through
// the interface Server; the subpackages speak the old HTTP API over net/http
// (overhttp) and over a browser's or Node's fetch (overfetch).
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
	// Group: all queries that wait are answered from one synchronized reading; a server
	// that can make it by itself is left to do so.
	Group Strategy = "group"
)

// Strategies lists every strategy.
func Strategies() []Strategy { return []Strategy{Serial, Baseline, Group} }

// StrategyNames lists the names of all strategies, comma-separated.
func StrategyNames() string {
	var names []string
	for _, s := range Strategies() {
		names = append(names, string(s))
	}
	return strings.Join(names, ",")
}

// ParseStrategy returns the strategy of that name.
func ParseStrategy(name string) (Strategy, error) {
	if s := Strategy(name); slices.Contains(Strategies(), s) {
		return s, nil
	}
	return "", fmt.Errorf("no strategy %q: it is one of %s", name, StrategyNames())
}

// Options change how a client behaves.
type Options struct {
	// Alone is the caller's word that nobody else uses the server. Then an endpoint
	// whose answer was lost is freed by the client: any lock on it is its own.
	Alone bool
	// CallTimeout ends a call that is not answered, as a lost answer. Reading may
	// take long by design and has three times as much. Default: 10 s.
	CallTimeout time.Duration
}

// Client answers synchronized queries. Safe for concurrent use.
type Client struct {
	strategy interface {
		query(ctx context.Context, ids []int64) (map[int64]string, error)
		wait()
	}
	ledger *ledger
}

// New returns a client that answers by the strategy.
func New(server Server, strategy Strategy, options Options) *Client {
	if options.CallTimeout <= 0 {
		options.CallTimeout = 10 * time.Second
	}
	c := &Client{ledger: newLedger(server, options)}
	if strategy == Group {
		c.strategy = &grouping{ledger: c.ledger, came: make(chan struct{}, 1)}
	} else {
		c.strategy = newSequential(c.ledger, strategy == Baseline)
	}
	return c
}

// Query returns the state of every resource, all read while every endpoint
// involved was locked by this client. An id may be named more than once; no ids
// are answered without a call.
//
// It tries until ctx is done; ctx should have a deadline. Errors: an
// *UnknownResourceError at once; what the server says that no retry will mend;
// else ctx's, with what stood in the way last.
func (c *Client) Query(ctx context.Context, ids ...int64) (map[int64]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return map[int64]string{}, nil
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return c.strategy.query(ctx, slices.Compact(ids))
}

// Registry reads the registry, and tries until ctx is done or no retry will help.
func (c *Client) Registry(ctx context.Context) (Registry, error) {
	for try := 0; ; try++ {
		registry, err := c.ledger.registry(ctx)
		if err == nil || !passes(err) {
			return registry, err
		}
		if pause(ctx, try); ctx.Err() != nil {
			return nil, gaveUp(ctx, err)
		}
	}
}

// InDoubt is what to tell people of the endpoints that Close returns.
func InDoubt(possiblyLocked []string) string {
	return "possibly left locked, as the answer to a call was lost: " + strings.Join(possiblyLocked, ", ")
}

// Close waits until what is under way has ended and its locks are freed, and
// returns, sorted, the endpoints that are possibly left locked by this client: for
// each the answer to a call was lost, so that only the server knows, and the registry
// does not show it as free. With Options.Alone they are freed here, and named only
// where even that failed. No query may be started after Close; to close twice does
// no harm.
func (c *Client) Close() (possiblyLocked []string) {
	c.strategy.wait()
	return c.ledger.close()
}
