package syncquery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Client answers synchronized queries: it runs a Machine over a Server, each call on a
// goroutine of its own. Safe for concurrent use.
type Client struct {
	server Server
	begin  time.Time

	mu      sync.Mutex
	machine *Machine
	alarm   *time.Timer
	waiting map[int]chan outcome       // by query
	breaks  map[int]context.CancelFunc // by call under way: breaks it off
	last    int                        // query
	left    []string
	closed  chan struct{}
}

type outcome struct {
	states map[int64]string
	err    error
}

// New returns a client that answers by the strategy.
func New(server Server, strategy Strategy, options Options) *Client {
	return &Client{
		server: server, begin: time.Now(), machine: NewMachine(strategy, options, rand.Uint64()), //nolint:gosec // jitter, not a secret
		waiting: map[int]chan outcome{}, breaks: map[int]context.CancelFunc{}, closed: make(chan struct{}),
	}
}

// Query returns the state of every resource, all read while every endpoint
// involved was locked by this client. An id may be named more than once; no ids
// are answered without a call.
//
// It tries until ctx is done; ctx should have a deadline. A server of ours reads at most
// MaxTogether resources at once, and refuses a query for more. Errors: an
// *UnknownResourceError at once; what the server says that no retry will mend;
// else ctx's, with what stood in the way last.
func (c *Client) Query(ctx context.Context, ids ...int64) (map[int64]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	ids = slices.Clone(ids)
	slices.Sort(ids)
	query, answer := c.ask(slices.Compact(ids))
	select {
	case o := <-answer:
		return o.states, o.err
	case <-ctx.Done():
		return nil, gaveUp(ctx, c.giveUp(query))
	}
}

func (c *Client) ask(ids []int64) (query int, answer chan outcome) {
	answer = make(chan outcome, 1) // holds one, so that answering never waits
	c.do(func(now time.Duration) {
		c.last++
		query = c.last
		c.waiting[query] = answer
		c.machine.Ask(now, query, ids)
	})
	return query, answer
}

func (c *Client) giveUp(query int) (last error) {
	c.do(func(now time.Duration) {
		delete(c.waiting, query)
		last = c.machine.GiveUp(now, query)
	})
	return last
}

// do lets something happen to the machine, and does what it then wants done.
func (c *Client) do(happen func(now time.Duration)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	happen(time.Since(c.begin))
	commands, wake := c.machine.Next()
	for _, command := range commands {
		switch command.Kind {
		case Call:
			c.call(command)
		case Abandon:
			c.breaks[command.Call]()
		case Answer:
			if answer := c.waiting[command.Query]; answer != nil {
				delete(c.waiting, command.Query)
				answer <- outcome{command.States, command.Err}
			}
		case Closed:
			c.left = command.Left
			close(c.closed)
		}
	}
	c.setAlarm(wake)
}

// setAlarm wakes the machine when it wants to be; c.mu is held. An alarm that rings for
// nothing does no harm.
func (c *Client) setAlarm(wake time.Duration) {
	if c.alarm != nil {
		c.alarm.Stop()
		c.alarm = nil
	}
	if wake >= 0 {
		c.alarm = time.AfterFunc(wake-time.Since(c.begin), func() { c.do(c.machine.Wake) })
	}
}

// call makes a call; c.mu is held. Locking and freeing are never broken off by a query
// that is given up: half a call would be a lost answer.
func (c *Client) call(command Command) {
	ctx, cancel := context.WithTimeout(context.Background(), command.Timeout)
	c.breaks[command.Call] = cancel
	go func() {
		result := c.perform(ctx, command)
		c.do(func(now time.Duration) {
			delete(c.breaks, command.Call)
			c.machine.Returned(now, command.Call, result)
		})
		cancel()
	}()
}

// perform makes a call. A panic in it becomes a lost answer: nobody knows how far it
// came. An error says if it came of the call's time being over.
func (c *Client) perform(ctx context.Context, command Command) (result Result) {
	defer func() {
		if p := recover(); p != nil {
			result.Err = fmt.Errorf("%w: panic: %v", ErrAnswerLost, p)
		}
	}()
	switch command.Does {
	case CallRegistry:
		result.Registry, result.Err = c.server.Registry(ctx)
	case CallLock:
		result.Err = c.server.Lock(ctx, command.Endpoint)
	case CallUnlock:
		result.Err = c.server.Unlock(ctx, command.Endpoint)
	case CallRead:
		result.State, result.Err = c.server.Read(ctx, command.Endpoint, command.Resource)
	case CallAsk:
		if server, ok := c.server.(Together); ok {
			result.Can, result.Err = server.ReadsTogether(ctx)
		}
	case CallTogether:
		result.States, result.Err = c.server.(Together).ReadTogether(ctx, command.IDs, command.Wait)
	}
	if over := ctx.Err(); result.Err != nil && over != nil && !errors.Is(result.Err, over) {
		result.Err = fmt.Errorf("%w: %w", result.Err, over)
	}
	return result
}

// Registry reads the registry, and tries until ctx is done or no retry will help.
func (c *Client) Registry(ctx context.Context) (Registry, error) {
	for try := 0; ; try++ {
		registry, err := c.readRegistry(ctx)
		if err == nil || !passes(err) {
			return registry, err
		}
		c.mu.Lock()
		timer := time.NewTimer(c.machine.pause(try))
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, gaveUp(ctx, err)
		case <-timer.C:
		}
	}
}

func (c *Client) readRegistry(ctx context.Context) (Registry, error) {
	ctx, cancel := context.WithTimeout(ctx, c.machine.options.CallTimeout)
	defer cancel()
	result := c.perform(ctx, Command{Does: CallRegistry})
	return result.Registry, result.Err
}

// InDoubt is what to tell people of the endpoints that Close returns.
func InDoubt(possiblyLocked []string) string {
	return "possibly left locked, as the answer to a call was lost: " + strings.Join(possiblyLocked, ", ")
}

// Close waits until what is under way has ended and its locks are freed, and
// returns, sorted, the endpoints that are possibly left locked by this client: for
// each the answer to a call was lost, so that only the server knows, and the registry
// does not show it as free, or the call may still take effect. With Options.Alone they are freed here, and named only
// where even that failed. No query may be started after Close; to close twice does
// no harm.
func (c *Client) Close() (possiblyLocked []string) {
	c.do(c.machine.Close)
	<-c.closed
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.left)
}
