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
	doubt map[string]bool // endpoints that are possibly locked by us
}

func newLedger(server Server, options Options) *ledger {
	return &ledger{server: server, options: options, doubt: map[string]bool{}}
}

// unlockTries is how often a lock is freed while the server says that it did nothing.
const unlockTries = 8

// safely makes a call. A panic in it becomes a lost answer: nobody knows how far it came.
func safely[T any](ctx context.Context, timeout time.Duration, call func(context.Context) (T, error)) (result T, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v", ErrAnswerLost, p)
		}
	}()
	return call(ctx)
}

func (l *ledger) registry(ctx context.Context) (Registry, error) {
	return safely(ctx, l.options.CallTimeout, l.server.Registry)
}

func (l *ledger) read(ctx context.Context, endpoint string, resource int64) (string, error) {
	return safely(ctx, 3*l.options.CallTimeout, func(ctx context.Context) (string, error) {
		return l.server.Read(ctx, endpoint, resource)
	})
}

// lock tries once to lock the endpoint.
func (l *ledger) lock(ctx context.Context, endpoint string) error {
	_, err := safely(context.WithoutCancel(ctx), l.options.CallTimeout, func(ctx context.Context) (any, error) {
		return nil, l.server.Lock(ctx, endpoint)
	})
	switch {
	case err == nil: // so it was free: whatever was lost before has not locked it
		l.settle(endpoint)
	case errors.Is(err, ErrAnswerLost):
		l.suspect(endpoint)
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
		case errors.Is(err, ErrNotDone) && try < unlockTries:
			pause(ctx, try)
		default:
			l.suspect(endpoint)
			return err
		}
	}
}

func (l *ledger) suspect(endpoint string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubt[endpoint] = true
}

func (l *ledger) settle(endpoint string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.doubt, endpoint)
}

// doubtful returns, sorted, the endpoints that are possibly locked by us.
func (l *ledger) doubtful() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.doubt))
}

// clear frees what is in doubt, where we are alone: then a lock there can only be
// ours, and freeing it twice does no harm.
func (l *ledger) clear(ctx context.Context) {
	if !l.options.Alone {
		return
	}
	for _, endpoint := range l.doubtful() {
		err := l.unlock(ctx, endpoint)
		if err == nil || errors.Is(err, ErrLockLost) { // freed now, or free already
			l.settle(endpoint)
		}
	}
}

// close clears as well as it can and returns what remains in doubt.
func (l *ledger) close() []string {
	for range unlockTries {
		if l.clear(context.Background()); !l.options.Alone || len(l.doubtful()) == 0 {
			break
		}
	}
	return l.doubtful()
}
