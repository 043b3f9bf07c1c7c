package faults

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/smithy-go/middleware"
)

// Fault is what happens to one attempt of a call. Faults can be compared and printed.
type Fault struct {
	kind kind
	wait time.Duration // of those that take time
	late *Late         // who keeps the request, if it comes late
}

// The faults that need no more to be said. Delayed and those of Late are the others.
var (
	None             = Fault{}                       // the attempt is made, and its answer arrives
	Throttled        = Fault{kind: throttled}        // refused with ProvisionedThroughputExceededException: no effect
	ServerError      = Fault{kind: serverError}      // answered with a 500, InternalServerError: no effect
	ServerErrorAfter = Fault{kind: serverErrorAfter} // the same answer, but after the effect
	Unsent           = Fault{kind: unsent}           // no connection: no effect
	Lost             = Fault{kind: lost}             // the effect happens, then the connection is reset: no answer
	// BrokenOff is an answer that ends in the middle, after the effect. The SDK makes a
	// DeserializationError of it, which its own retryer takes for final.
	BrokenOff = Fault{kind: brokenOff}
	// Conflict is a transaction in the way, without effect. PutItem, UpdateItem and
	// DeleteItem are refused with TransactionConflictException, TransactWriteItems with
	// TransactionCanceledException; to the SDK's own retryer both are final. Other calls
	// can't have it: they fail with an error that says so.
	Conflict = Fault{kind: conflict}
)

// Delayed is a request that is sent after the wait, if the caller's context lasts.
func Delayed(wait time.Duration) Fault { return Fault{kind: delayed, wait: wait} }

// String returns the fault's name, and its wait if it has one.
func (f Fault) String() string {
	if f.wait == 0 {
		return names[f.kind]
	}
	return fmt.Sprintf("%s(%v)", names[f.kind], f.wait)
}

type kind int

const (
	none kind = iota
	throttled
	serverError
	serverErrorAfter
	unsent
	lost
	brokenOff
	conflict
	delayed
	lateAfter
	lateHeld
)

var names = [...]string{
	none: "None", throttled: "Throttled", serverError: "ServerError", serverErrorAfter: "ServerErrorAfter", unsent: "Unsent",
	lost: "Lost", brokenOff: "BrokenOff", conflict: "Conflict", delayed: "Delayed", lateAfter: "Late.After", lateHeld: "Late.Held",
}

// happen is the attempt with the fault.
func (f Fault) happen(ctx context.Context, x *exchange) (middleware.DeserializeOutput, error) {
	switch f.kind {
	case throttled:
		return x.throttled()
	case serverError:
		return x.serverError()
	case serverErrorAfter:
		if out, _, _, err := x.body(ctx); err != nil {
			return out, err
		}
		return x.serverError()
	case unsent:
		return x.disconnected(ctx, refused)
	case lost:
		return x.lose(ctx)
	case brokenOff:
		return x.breakOff(ctx)
	case conflict:
		return x.conflict()
	case delayed:
		select {
		case <-ctx.Done():
			return x.disconnected(ctx, refused)
		case <-time.After(f.wait):
		}
	case lateAfter, lateHeld:
		send, err := x.later(ctx)
		if err != nil {
			return middleware.DeserializeOutput{}, err
		}
		f.late.take(f, send)
		return x.disconnected(ctx, reset)
	}
	return x.send(ctx)
}

// reads and writes are the calls of a store; others, such as DescribeTable, are neither.
var (
	reads  = map[string]bool{"GetItem": true, "BatchGetItem": true, "Query": true, "Scan": true, "TransactGetItems": true}
	writes = map[string]bool{"PutItem": true, "UpdateItem": true, "DeleteItem": true, "BatchWriteItem": true, "TransactWriteItems": true}
)

// conflicts says whether a call has an error for a transaction that is in its way.
func conflicts(call string) bool { return writes[call] && call != "BatchWriteItem" }

// fits says whether the fault makes a difference to the call: whether a read had its
// effect does not matter.
func (f Fault) fits(call string) bool {
	switch f.kind {
	case throttled, serverError, unsent, lost, delayed:
		return reads[call] || writes[call]
	case conflict:
		return conflicts(call)
	default:
		return writes[call]
	}
}
