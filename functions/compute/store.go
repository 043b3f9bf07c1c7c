package compute

import (
	"context"
	"errors"
	"time"
)

// ErrNoSuchRun says that no run has that id.
var ErrNoSuchRun = errors.New("compute: no such run")

// Store is what the service needs of a store. Any error that is none of those listed
// is an outage; if a write may have had its effect all the same, it is a
// failure.Upstream.
type Store interface {
	// CountLogin counts a login of the user, once, whatever is repeated on the way.
	CountLogin(ctx context.Context, user string) error

	// Logins returns how often each user has logged in.
	Logins(ctx context.Context) (map[string]int64, error)

	// CreateRun notes a run that is to begin.
	CreateRun(ctx context.Context, r Run) error

	// Run returns a run. Errors: ErrNoSuchRun.
	Run(ctx context.Context, id string) (Run, error)

	// PutShard notes what a shard of a run has counted. Of a shard that ran twice the
	// first one counts; both have counted the same.
	PutShard(ctx context.Context, id string, shard int, hits int64) error

	// FailShard notes that an attempt at a shard has failed, and why, and returns how
	// many have by now.
	FailShard(ctx context.Context, id string, shard int, why string) (attempts int, err error)

	// Shards returns what shards of a run have counted, and those that have failed.
	Shards(ctx context.Context, id string) (counted map[int]int64, failed map[int]Failure, err error)

	// EndRun notes how a run has ended; the first end counts.
	EndRun(ctx context.Context, id string, end End) error
}

// Run is a run of a cluster.
type Run struct {
	ID          string
	Simulations int64
	Shards      int
	Seed        int64
	Began       time.Time // to the millisecond
	End         *End      // nil while it runs
}

// End is how a run has ended.
type End struct {
	At    time.Time // to the millisecond
	Hits  int64     // of all shards
	Error string    // why it has failed, "" if it has not
}

// Failure is what is known of a shard that has failed.
type Failure struct {
	Attempts int    // that failed
	Why      string // the last one did
}
