// Package overlease makes a whole synchronized reading by one lease, next to the data:
// it leases a cover of the resources, reads each once, all at the same time, and then
// makes sure that the lease still stands. So all values held together when the last of
// them was read.
package overlease

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"lockstep/shared/lease"
	"lockstep/shared/syncquery"
)

// Reader makes synchronized readings. Safe for concurrent use.
type Reader struct {
	Leases *lease.Leaser

	// Read returns a resource's state under the fencing token of a lease on every endpoint
	// that it is read through.
	Read func(ctx context.Context, id int64, token int64) (string, error)

	// TTL is the time to live of a reading's lease.
	TTL time.Duration
	// AtATime is how many resources are read at a time, at least 1.
	AtATime int
}

// Reading is what was read in one moment.
type Reading struct {
	States    map[int64]string
	Endpoints []string // that were leased
	Token     int64    // of that lease
	At        time.Time
}

// leastWait is the shortest wait that is worth a place in line: a shorter one may be
// over before the place is taken, though nobody is in the way.
const leastWait = 100 * time.Millisecond

// Together reads the ids at the endpoints, which cover them, in the name of the owner. It
// waits for the endpoints until then. Errors: those of lease.Acquire;
// lease.ErrExpired and lease.ErrBroken when the lease was lost before the last check, so
// that the reading was not of one moment; and those of Read.
func (r Reader) Together(ctx context.Context, until time.Time, owner string, endpoints []syncquery.Endpoint, ids []int64) (Reading, error) {
	held, err := r.acquire(ctx, until, owner, endpoints)
	if err != nil {
		return Reading{}, err
	}
	defer func() {
		// What the release says of a lease that was checked does not matter any more.
		_ = held.Release(ctx)
	}()
	states, err := r.readAll(held, ids)
	if err != nil {
		return Reading{}, err
	}
	at := time.Now()
	if err := held.Check(ctx); err != nil {
		return Reading{}, err
	}
	return Reading{States: states, Endpoints: held.Keys(), Token: held.Token(), At: at}, nil
}

func (r Reader) acquire(ctx context.Context, until time.Time, owner string, endpoints []syncquery.Endpoint) (*lease.Lease, error) {
	request := lease.Request{Owner: owner, TTL: r.TTL, Wait: time.Until(until)}
	for _, e := range endpoints {
		request.Keys = append(request.Keys, e.Name)
	}
	if request.Wait < leastWait {
		return r.Leases.Try(ctx, request)
	}
	return r.Leases.Acquire(ctx, request)
}

// readAll reads each resource once, all at the same time.
func (r Reader) readAll(held *lease.Lease, ids []int64) (map[int64]string, error) {
	values := make([]string, len(ids))
	group, ctx := errgroup.WithContext(held.Context())
	group.SetLimit(r.AtATime)
	for i, id := range ids {
		group.Go(func() (err error) {
			values[i], err = r.Read(ctx, id, held.Token())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		if lost := held.Err(); lost != nil { // then that is why
			return nil, lost
		}
		return nil, err
	}
	states := make(map[int64]string, len(ids))
	for i, id := range ids {
		states[id] = values[i]
	}
	return states, nil
}
