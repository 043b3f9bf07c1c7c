package lease_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lockstep/shared/lease"
)

func Example() {
	ctx := context.Background()
	// With a real store, such as the one of package dynamo, the token is the time of
	// the namespace's first write, in milliseconds, and one more for each request.
	begin := func() time.Time { return time.UnixMilli(1_000_000) }
	leaser := lease.New(&lease.Memory{}, lease.Options{Now: begin})

	held, err := leaser.Acquire(ctx, lease.Request{
		Keys: []string{"cellar", "attic"}, Owner: "a burglar", TTL: 10 * time.Second, Wait: time.Minute,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(held.Keys(), "with token", held.Token())

	_, err = leaser.Try(ctx, lease.Request{Keys: []string{"attic"}, Owner: "another one", TTL: 10 * time.Second})
	fmt.Println(err, errors.Is(err, lease.ErrHeld))

	if err := held.Release(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(context.Cause(held.Context()))

	next, err := leaser.Try(ctx, lease.Request{Keys: []string{"attic"}, Owner: "another one", TTL: 10 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(next.Keys(), "with token", next.Token())
	_ = next.Release(ctx)

	// Output:
	// [attic cellar] with token 1000001
	// lease: key "attic" is held by "a burglar" until 1970-01-01T00:16:45.000Z true
	// lease: released
	// [attic] with token 1000002
}
