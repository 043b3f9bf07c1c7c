// Package perf is the shop's load test: users who go through the same requests again
// and again, each as soon as the one before is answered.
package perf

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"lockstep/wasmclient/shop"
)

// Label names a kind of request.
type Label int

// The labels, in the order in which a user makes the requests.
const (
	ProductsCreate Label = iota
	ProductGet
	OrdersCreate
	OrderGet
	ListOrders
	ProductDelete
	labels // how many there are; keep it last
)

// String returns the label as it is printed.
func (l Label) String() string {
	return [labels]string{"products-create", "product-get", "orders-create", "order-get", "list-orders", "product-delete"}[l]
}

// MarshalText implements encoding.TextMarshaler.
func (l Label) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Plan is what to measure.
type Plan struct {
	Users    int           // at a time, 1 to MaxUsers
	Duration time.Duration // of the whole, at least MinDuration
	Timeout  time.Duration // for each request
}

// Limits of a plan.
const (
	MaxUsers    = 1000
	MinDuration = time.Second
)

// What a user creates and orders, and how many orders it lists.
const (
	stock     = 10
	price     = "100000.99"
	listLimit = 100
)

// Pause is how long a user stops for when a request of a loop has failed: where there is
// no server, users would do nothing but ask for one.
const Pause = time.Second

// cleanupTime is for how long a product that is left over is tried to be deleted.
const cleanupTime = 10 * time.Second

// Validate says what is wrong with the plan.
func (p Plan) Validate() error {
	switch {
	case p.Users < 1 || p.Users > MaxUsers:
		return fmt.Errorf("users must be 1 to %d, not %d", MaxUsers, p.Users)
	case p.Duration < MinDuration:
		return fmt.Errorf("duration must be at least %s, not %s", MinDuration, p.Duration)
	case p.Timeout <= 0:
		return errors.New("timeout must be above 0")
	}
	return nil
}

// Run carries the plan out and returns what was measured, which is less than planned
// when ctx ends before. Each user loops: it creates a product, gets it, orders one,
// gets the order, lists the first orders, and deletes the product. Nothing is repeated;
// what fails is counted, and followed by a Pause. Requests that began within the
// duration count; what is left over at its end is deleted without being measured.
// Progress is called after each request, by any user.
func Run(ctx context.Context, plan Plan, client shop.Client, progress func(elapsed time.Duration, requests int)) *Result {
	r := newRecorder(plan)
	var users sync.WaitGroup
	prefix := "perf-" + rand.Text()
	for i := range plan.Users {
		users.Go(func() {
			u := user{recorder: r, client: client, ctx: ctx, timeout: plan.Timeout, progress: progress}
			for loop := 0; !u.over(); loop++ {
				u.loop(fmt.Sprintf("%s-%d-%d", prefix, i, loop))
			}
		})
	}
	users.Wait()
	return r.result()
}

// user is one user, for one goroutine.
type user struct {
	*recorder
	client   shop.Client
	ctx      context.Context //nolint:containedctx // of the run, as long as the user
	timeout  time.Duration
	progress func(time.Duration, int)

	failed bool // a request of this loop
}

func (u *user) over() bool { return u.ctx.Err() != nil || time.Since(u.begin) >= u.plan.Duration }

// loop makes the requests once. What needs something that was not made is left out.
func (u *user) loop(id string) {
	u.failed = false
	product := shop.Product{ID: id, Title: "Load test", Capacity: 10, Speed: 50, Stock: stock}
	var err error
	created := u.ask(ProductsCreate, func(ctx context.Context) error {
		err = u.client.CreateProduct(ctx, product)
		return err
	})
	doubtful := new(shop.Error)
	left := created || errors.As(err, &doubtful) && doubtful.InDoubt
	if created {
		u.ask(ProductGet, func(ctx context.Context) error {
			_, err := u.client.Product(ctx, id)
			return err
		})
		u.order(id)
		left = !u.ask(ProductDelete, func(ctx context.Context) error { return u.client.DeleteProduct(ctx, id) })
	}
	if left {
		u.cleanUp(id)
	}
	if u.failed {
		pause(u.ctx, min(Pause, u.plan.Duration-time.Since(u.begin)))
	}
}

// order orders the product, gets the order, and lists orders. There is no idempotency
// key, as nothing is repeated.
func (u *user) order(product string) {
	var order int64
	lines := []shop.Line{{Product: product, Quantity: 1, Price: price}}
	if u.ask(OrdersCreate, func(ctx context.Context) (err error) {
		order, err = u.client.CreateOrder(ctx, lines, "")
		return err
	}) {
		u.ask(OrderGet, func(ctx context.Context) error {
			_, err := u.client.Order(ctx, order)
			return err
		})
	}
	u.ask(ListOrders, func(ctx context.Context) error {
		_, err := u.client.Orders(ctx, shop.Page{Limit: listLimit})
		return err
	})
}

// ask makes one request, unless the time is over, and says whether it was answered.
func (u *user) ask(label Label, request func(context.Context) error) bool {
	if u.over() {
		return false
	}
	ctx, cancel := context.WithTimeoutCause(u.ctx, u.timeout, fmt.Errorf("not answered within %s", u.timeout))
	defer cancel()
	begin := time.Now()
	err := request(ctx)
	latency := time.Since(begin)
	if err != nil && u.ctx.Err() != nil {
		return false // it was interrupted
	}
	u.failed = u.failed || err != nil
	requests := u.record(label, begin.Sub(u.begin), latency, err)
	u.progress(time.Since(u.begin), requests)
	return err == nil
}

func (u *user) cleanUp(product string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(u.ctx), cleanupTime)
	defer cancel()
	_ = u.client.DeleteProduct(ctx, product) // it may be gone, and nothing depends on it
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Text returns the plan in words.
func (p Plan) Text() string {
	users := "1 user"
	if p.Users != 1 {
		users = strconv.Itoa(p.Users) + " users"
	}
	return fmt.Sprintf("%s for %s", users, p.Duration)
}
