package syncquery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// ledger makes the calls of a client and keeps book of the endpoints whose lock it
// can't know, because an answer was lost. Locking and freeing are never broken off
// by a cancelled query: half a call would be a lost answer. Safe for concurrent use.
type ledger struct {
	server  Server
	options Options

	mu    sync.Mutex
	doubt map[string]doubt // endpoints that are possibly locked by us
}

// doubt is what we can't know of an endpoint.
type doubt int

const (
	// lost: the answer to a call did not come, but the call is over. Whoever finds the
	// endpoint free after that knows that it is.
	lost doubt = iota + 1
	// late: the call was given up. The server may still get to it, at any time.
	late
)

func newLedger(server Server, options Options) *ledger {
	return &ledger{server: server, options: options, doubt: map[string]doubt{}}
}

// unlockTries is how often a lock is freed while the server says that it did nothing.
const unlockTries = 8

// safely makes a call. A panic in it becomes a lost answer: nobody knows how far it
// came. An error says if it came of the call's time being over.
func safely[T any](ctx context.Context, timeout time.Duration, call func(context.Context) (T, error)) (result T, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v", ErrAnswerLost, p)
		}
	}()
	result, err = call(ctx)
	if over := ctx.Err(); err != nil && over != nil && !errors.Is(err, over) {
		err = fmt.Errorf("%w: %w", err, over)
	}
	return result, err
}

func (l *ledger) registry(ctx context.Context) (Registry, error) {
	return safely(ctx, l.options.CallTimeout, l.server.Registry)
}

func (l *ledger) read(ctx context.Context, endpoint string, resource int64) (string, error) {
	return safely(ctx, l.readTimeout(), func(ctx context.Context) (string, error) {
		return l.server.Read(ctx, endpoint, resource)
	})
}

// readTimeout is how long a read may take: reading takes its time by design.
func (l *ledger) readTimeout() time.Duration { return 3 * l.options.CallTimeout }

// lock tries once to lock the endpoint.
func (l *ledger) lock(ctx context.Context, endpoint string) error {
	_, err := safely(context.WithoutCancel(ctx), l.options.CallTimeout, func(ctx context.Context) (any, error) {
		return nil, l.server.Lock(ctx, endpoint)
	})
	switch {
	case err == nil: // so it was free: what was lost before has not locked it
		l.settle(endpoint, lost)
	case errors.Is(err, ErrAnswerLost):
		l.suspect(endpoint, err)
	}
	return err
}

// unlock frees an endpoint that we hold. It repeats what the server says it did
// not do, and nothing else. Errors: ErrLockLost, and what left the lock in doubt.
func (l *ledger) unlock(ctx context.Context, endpoint string) error {
	ctx = context.WithoutCancel(ctx)
	for try := 0; ; try++ {
		_, err := safely(ctx, l.options.CallTimeout, func(ctx context.Context) (any, error) {
			return nil, l.server.Unlock(ctx, endpoint)
		})
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrAlreadyUnlocked), errors.Is(err, ErrEndpointNotFound):
			return fmt.Errorf("%w: %w", ErrLockLost, err)
		case (errors.Is(err, ErrNotDone) || errors.Is(err, ErrUnreachable)) && try < unlockTries:
			pause(ctx, try) // nothing was done, or even sent
		default:
			l.suspect(endpoint, err)
			return err
		}
	}
}

// suspect notes that err left an endpoint in doubt.
func (l *ledger) suspect(endpoint string, err error) {
	kind := lost
	if errors.Is(err, context.DeadlineExceeded) {
		kind = late
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubt[endpoint] = max(l.doubt[endpoint], kind)
}

// settle ends a doubt, if it is of no worse a kind than atMost.
func (l *ledger) settle(endpoint string, atMost doubt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doubt[endpoint] <= atMost {
		delete(l.doubt, endpoint)
	}
}

// doubtful returns, sorted, the endpoints that are possibly locked by us.
func (l *ledger) doubtful() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.doubt))
}

// clear frees what is in doubt among the endpoints, where we are alone: then a lock
// there can only be ours, and freeing it twice does no harm. None of them may be
// held. It ends doubts of a kind up to atMost.
func (l *ledger) clear(ctx context.Context, atMost doubt, endpoints ...string) {
	if !l.options.Alone {
		return
	}
	doubtful := l.doubtful()
	for _, endpoint := range endpoints {
		if !slices.Contains(doubtful, endpoint) {
			continue
		}
		err := l.unlock(ctx, endpoint)
		if err == nil || errors.Is(err, ErrLockLost) { // freed now, or free already
			l.settle(endpoint, atMost)
		}
	}
}

// close ends what doubts it can and returns the endpoints that remain.
func (l *ledger) close() []string {
	ctx := context.Background()
	if l.options.Alone {
		for try := 0; try < unlockTries && len(l.doubtful()) > 0; try++ {
			l.clear(ctx, late, l.doubtful()...)
		}
	} else if len(l.doubtful()) > 0 {
		l.settleWhatIsFree(ctx)
	}
	return l.doubtful()
}

// settleWhatIsFree ends the doubts that the registry can end.
func (l *ledger) settleWhatIsFree(ctx context.Context) {
	registry, err := l.registry(ctx)
	if err != nil {
		return // then they stay
	}
	for _, e := range registry {
		if !e.Locked {
			l.settle(e.Name, lost)
		}
	}
}
