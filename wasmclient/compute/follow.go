package compute

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Follower tells how far runs are.
type Follower interface {
	// Progress calls tell with how far a run is, again and again, until it has ended or
	// the server does not want to go on. Errors: *Error.
	Progress(ctx context.Context, id string, tell func(Progress)) error
}

// How long Follow waits at most before it asks again the first time after a failure,
// and any time: it waits a random time whose bound doubles.
const (
	FirstWait   = 100 * time.Millisecond
	LongestWait = 5 * time.Second
)

// Follow follows a run to its end, and returns the last that was told of it, also with
// an error. It asks again when the server ends its answer, and when that breaks off;
// it gives up when there is no news for as long as patience. Errors: *Error.
func Follow(ctx context.Context, f Follower, id string, patience time.Duration, tell func(Progress)) (last Progress, err error) {
	heard, news := false, time.Now()
	for bound := FirstWait; ; bound = min(2*bound, LongestWait) {
		told := false
		err = listen(ctx, f, id, patience-time.Since(news), patience, func(p Progress) {
			told, heard, news, last = true, true, time.Now(), p
			tell(p)
		})
		if told {
			bound = FirstWait
		}
		failed := new(Error)
		switch {
		case last.Ended():
			return last, nil
		case errors.As(err, &failed) && !failed.Passing && (!heard || !failed.Unreachable), err != nil && ctx.Err() != nil:
			return last, err
		}
		pause := failed.After + rand.N(bound) //nolint:gosec // no secret
		if err == nil && !told {
			err = &Error{Message: "the run's progress ends without a word"}
		}
		if time.Since(news)+pause >= patience || !wait(ctx, pause) {
			return last, err
		}
	}
}

// listen takes the progress once, as long as there is news: the first within so long,
// then each within patience.
func listen(ctx context.Context, f Follower, id string, first, patience time.Duration, tell func(Progress)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(first, func() { cancel(fmt.Errorf("no news within %s", patience)) })
	defer alarm.Stop()
	return f.Progress(ctx, id, func(p Progress) {
		alarm.Reset(patience)
		tell(p)
	})
}

// wait waits, and says whether it has, for ctx may end before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
