// Package load is the toy store's load test: some clients at a time, each of which
// makes its requests one after the other.
package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"lockstep/wasmclient/toystore"
)

// Operation is what the clients ask for.
type Operation string

// The operations.
const (
	Query Operation = "query"
	Buy   Operation = "buy"
)

// Plan is what to measure: each protocol with each operation with each number of
// clients, one after the other.
type Plan struct {
	Protocols  []string
	Operations []Operation
	Clients    []int         // at a time, 1 to MaxClients each
	Requests   int           // that each client makes, at least 1
	Toy        string        // the toy to ask for
	Timeout    time.Duration // for each request
}

// Limits of a plan.
const (
	MaxClients  = 10_000
	MaxRequests = 10_000_000 // of all clients at a time
)

// Validate says what is wrong with the plan.
func (p Plan) Validate() error {
	for _, clients := range p.Clients {
		if clients < 1 || clients > MaxClients {
			return fmt.Errorf("clients must be 1 to %d, not %d", MaxClients, clients)
		}
		if p.Requests > MaxRequests/clients {
			return fmt.Errorf("%d clients with %d requests each are more than %d", clients, p.Requests, MaxRequests)
		}
	}
	switch {
	case len(p.Clients) == 0:
		return errors.New("clients must name a number")
	case p.Requests < 1:
		return fmt.Errorf("requests must be at least 1, not %d", p.Requests)
	case p.Timeout <= 0:
		return errors.New("timeout must be above 0")
	}
	return toystore.CheckName(p.Toy)
}

// Total is how many requests the plan has.
func (p Plan) Total() int {
	total := 0
	for _, clients := range p.Clients {
		total += clients * p.Requests
	}
	return total * len(p.Protocols) * len(p.Operations)
}

// Dial returns a new client of the protocol.
type Dial func(protocol string) toystore.Client

// Run carries the plan out. Every client is one that dial made, with connections of its
// own, so that its first request includes connecting. Nothing is repeated: what
// fails is counted. Progress is called after each request, by any client, in no
// particular order. The error is ctx's cause; results measured until then are lost.
func Run(ctx context.Context, plan Plan, dial Dial, progress func()) ([]Result, error) {
	var results []Result
	for _, protocol := range plan.Protocols {
		for _, operation := range plan.Operations {
			for _, clients := range plan.Clients {
				samples, elapsed := measure(ctx, plan, operation, clients, func() toystore.Client { return dial(protocol) }, progress)
				if ctx.Err() != nil {
					return nil, context.Cause(ctx)
				}
				results = append(results, summarize(protocol, operation, samples, elapsed))
			}
		}
	}
	return results, nil
}

// sample is one request.
type sample struct {
	latency time.Duration
	soldOut bool
	err     error
}

// measure returns the samples of each client, which begin at the same time.
func measure(ctx context.Context, plan Plan, operation Operation, clients int, dial func() toystore.Client, progress func()) ([][]sample, time.Duration) {
	samples := make([][]sample, clients)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range samples {
		samples[i] = make([]sample, 0, plan.Requests)
		client := dial()
		wg.Go(func() {
			defer func() { _ = client.Close() }() // all answers are in
			<-begin
			for range plan.Requests {
				if ctx.Err() != nil {
					return
				}
				samples[i] = append(samples[i], ask(ctx, plan, operation, client))
				progress()
			}
		})
	}
	start := time.Now()
	close(begin)
	wg.Wait()
	return samples, time.Since(start)
}

// ask makes one request. A toy that is out of stock is an answer.
func ask(ctx context.Context, plan Plan, operation Operation, client toystore.Client) (s sample) {
	ctx, cancel := context.WithTimeoutCause(ctx, plan.Timeout, fmt.Errorf("not answered within %s", plan.Timeout))
	defer cancel()
	start := time.Now()
	if operation == Buy { // without a key, which would be more work over some protocols than over others
		var sale toystore.Sale
		sale, s.err = client.Buy(ctx, toystore.Purchase{Toy: plan.Toy, Quantity: 1})
		s.soldOut = s.err == nil && sale.Result == toystore.OutOfStock
	} else {
		_, s.err = client.Query(ctx, plan.Toy)
	}
	s.latency = time.Since(start)
	return s
}
