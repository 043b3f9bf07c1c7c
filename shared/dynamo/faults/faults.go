// Package faults makes a DynamoDB client meet what a real DynamoDB and its network
// do and DynamoDB Local does not: throttling, errors of the server, conflicts with
// transactions, and requests and answers that get lost, break off or come late. It is
// for the suites that all stores have to pass; only tests import it.
//
//	options := need.DynamoDB(t).Options()
//	client := dynamodb.New(options, faults.Inject(faults.Nth("UpdateItem", 1, faults.Lost)))
//
// A fault happens to one attempt, below the SDK's retries and its signing, in the
// place of the transport: what the caller sees of it is made by the SDK itself, from
// the same HTTP answers and connection errors as in reality.
package faults

import (
	"context"
	"fmt"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Attempt is what a Plan decides by.
type Attempt struct {
	Call  string // the API's name of it, such as "UpdateItem"
	N     int    // its number among the attempts at this Call, counted from 1; a repeated call is several
	Input any    // such as *dynamodb.UpdateItemInput; not to be changed
}

// Plan says what happens to an attempt. It is asked before the attempt is made, by
// whatever goroutine makes it, so several may ask at once. It may itself do what is to
// happen between two attempts, with a client that it is not the plan of.
type Plan func(Attempt) Fault

// Inject returns an option for dynamodb.New, or for a single call, with which every
// attempt goes through the plan. Attempts are numbered over all clients that are given
// the same option. Of several options, the second one's plan is asked about what the
// first one's sends, and so on.
func Inject(plan Plan) func(*dynamodb.Options) {
	var numbers numbering
	return func(o *dynamodb.Options) {
		o.Logger = logging.Nop{} // it would warn of each answer that is broken off
		protocol := o.Protocol
		meet := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			request, ok := in.Request.(*smithyhttp.Request)
			if !ok {
				return middleware.DeserializeOutput{}, middleware.Metadata{}, fmt.Errorf("faults: a request of type %T", in.Request)
			}
			call := awsmiddleware.GetOperationName(ctx)
			x := &exchange{
				attempt: Attempt{Call: call, N: numbers.next(call), Input: middleware.GetStackValue(ctx, inputKey{})},
				request: request, next: next, protocol: protocol,
			}
			out, err := plan(x.attempt).happen(ctx, x)
			return out, x.metadata, err
		}
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			if err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("FaultsInput", keepInput), middleware.After); err != nil {
				return err
			}
			return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Faults", meet), middleware.After) // next to the transport
		})
	}
}

type inputKey struct{}

// keepInput keeps what the SDK has turned into bytes by the time the attempt is made.
func keepInput(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	return next.HandleInitialize(middleware.WithStackValue(ctx, inputKey{}, in.Parameters), in)
}

// numbering counts the attempts at each call.
type numbering struct {
	mu    sync.Mutex
	calls map[string]int
}

func (n *numbering) next(call string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.calls == nil {
		n.calls = map[string]int{}
	}
	n.calls[call]++
	return n.calls[call]
}
