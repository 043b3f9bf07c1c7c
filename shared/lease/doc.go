// Package lease gives out leases: the sole right to up to 100 keys, for as long as
// they are renewed. Leases are kept in a shared [Store], for which one conditional
// write is enough; package dynamo has one over an item of DynamoDB, and [Memory] is
// one within a process.
//
//	leaser := lease.New(store, lease.Options{}) // one for all callers of a process
//	held, err := leaser.Acquire(ctx, lease.Request{Keys: []string{"a", "b"}, Owner: "me", TTL: 10 * time.Second})
//	if err != nil {
//		return err
//	}
//	defer held.Release(ctx)
//	work(held.Context(), held.Token())
//
// What it promises:
//
//   - All or nothing: a lease has all of its keys, and who waits has none.
//   - One at a time: a key is in one granted lease at most, in the order of the
//     store's writes.
//   - First come, first served, for each key, in the order of the writes by which
//     requests were put in line. No deadlock, whatever the sets of keys, and nobody
//     starves.
//   - Tokens grow: a lease's token is higher than those of all leases that have had
//     one of its keys before, however these ended.
//   - Loss is told: a lease's context ends, with the cause.
//   - A crashed holder delays the next by its remaining time and one second, a dead
//     waiter others by six seconds.
//   - What is repeated, since its answer was lost, is done once; what comes late is
//     not done.
//
// Its limits:
//
//   - A holder may be paused at any moment, and go on when its lease is somebody
//     else's. No lease can prevent that, and no clock. So whatever is written under a
//     lease must be conditional on its token, where it is written: that is what the
//     token is for. See [Lease.Token] and [Lease.Check].
//   - Leases are for clocks that differ by at most SkewAllowance. With others, a lease
//     may be taken from its holder early. Tokens grow all the same.
//   - A lease is renewed while its process runs and the context lives that it was
//     acquired with. Nothing goes on in the background for long after that.
//   - A namespace has room for 500 leases and requests, fewer if they have many keys;
//     the next one is told [ErrBusy]. Every write of a namespace is one after the
//     other: spread keys that are never wanted together over several namespaces.
//   - A namespace must not be set back to an earlier state, such as by restoring a
//     backup of it: tokens would be given out twice. That it is deleted does no harm
//     but to who holds or waits just then, if the clock of whoever comes next is not
//     behind.
package lease
