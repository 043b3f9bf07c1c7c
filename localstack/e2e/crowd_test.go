package e2e_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/localstack/bundle"
	"lockstep/shared/dynamo/faults"
	"lockstep/shared/need"
	"lockstep/wasmclient/toystore"
	"lockstep/wasmclient/toystore/overgrpc"
	"lockstep/wasmclient/toystore/overhttp"
	"lockstep/wasmclient/toystore/overtcp"
)

// The crowd: so many buyers, tries and pieces, and the share of what goes wrong.
const (
	buyers    = 200
	tries     = 5000
	inStock   = 1000
	goesWrong = 0.05
)

// Buyers over all three protocols, some with idempotency keys that they repeat, on a
// network that loses answers and a database that fails: what is gone from the stock is
// what was answered as bought, and of what nobody knows a part.
func TestACrowdIsNeverOversold(t *testing.T) {
	notWithURL(t)
	for _, store := range []string{"memory", "dynamodb"} {
		t.Run(store, func(t *testing.T) {
			if store == "dynamodb" {
				need.DynamoDB(t)
			}
			b := startWith(t, bundle.Config{Store: store, Options: func(string) []func(*dynamodb.Options) {
				return []func(*dynamodb.Options){faults.Soon, faults.Inject(faults.Random(1, goesWrong,
					faults.Throttled, faults.ServerError, faults.ServerErrorAfter, faults.Unsent, faults.Lost, faults.BrokenOff, faults.Conflict))}
			}})
			toy := "Crowd " + rand.Text()
			put := step{method: "PUT", path: "/toys/" + toy[:5] + "%20" + toy[6:], body: fmt.Sprintf(`{"price":"1.00","stock":%d}`, inStock)}
			for call(t, b.ToystoreURL, put).status != 200 { // it may meet a fault itself
			}
			bought, inDoubt := buyAll(t, b, toy)
			left := stockOf(t, b, toy)
			t.Logf("%d bought, %d in doubt, %d left", bought, inDoubt, left)
			require.LessOrEqual(t, bought, inStock-left)
			require.GreaterOrEqual(t, bought+inDoubt, inStock-left)
			require.Positive(t, inDoubt, "nothing went wrong")
			require.Zero(t, left)
		})
	}
}

func stockOf(t *testing.T, b *bundle.Bundle, toy string) int64 {
	t.Helper()
	c := overhttp.New(b.ToystoreURL)
	defer func() { require.NoError(t, c.Close()) }()
	for {
		if got, err := c.Query(t.Context(), toy); err == nil {
			return got.Stock
		}
	}
}

// buyAll lets the crowd buy, and returns how many pieces are bought for sure, and how
// many perhaps.
func buyAll(t *testing.T, b *bundle.Bundle, toy string) (bought, inDoubt int64) {
	t.Helper()
	http, lines := unreliable(t, b.ToystoreURL[len("http://"):]), unreliable(t, b.LinesAddress)
	clients := []func() toystore.Client{
		func() toystore.Client { return overhttp.New("http://" + http) },
		func() toystore.Client { return overgrpc.New("http://" + http) },
		func() toystore.Client { return overtcp.New(lines) },
	}
	var sold, doubtful atomic.Int64
	var all sync.WaitGroup
	for i := range buyers {
		all.Go(func() {
			c := clients[i%len(clients)]()
			defer func() { _ = c.Close() }()
			for range tries / buyers {
				p := toystore.Purchase{Toy: toy, Quantity: 1}
				if i%len(clients) < 2 && i%4 == 0 { // the line protocol has no keys
					p.Key = rand.Text()
				}
				yes, perhaps := buy(t.Context(), c, p)
				sold.Add(yes)
				doubtful.Add(perhaps)
			}
		})
	}
	all.Wait()
	return sold.Load(), doubtful.Load()
}

// buy makes one purchase; with a key it is repeated until there is an answer, and once
// more after that, as somebody does who has lost it.
func buy(ctx context.Context, c toystore.Client, p toystore.Purchase) (sold, inDoubt int64) {
	for again := 0; ; again++ {
		sale, err := c.Buy(ctx, p)
		var failed *toystore.Error
		switch {
		case err == nil && sale.Result == toystore.OutOfStock:
			return sold, 0
		case err == nil && p.Key != "" && sold == 0:
			sold = 1
		case err == nil:
			return 1, 0
		case p.Key != "" && again < 50:
		case sold == 1:
			return 1, 0
		case errors.As(err, &failed) && !failed.InDoubt:
			return 0, 0
		default:
			return 0, 1
		}
	}
}

// unreliable returns an address that leads to the other one, by connections of which
// some break just when an answer comes.
func unreliable(t *testing.T, to string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		all.Wait()
	})
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { relay(near, to) })
		}
	})
	return l.Addr().String()
}

func relay(near net.Conn, to string) {
	far, err := net.Dial("tcp", to)
	if err != nil {
		_ = near.Close()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(far, near)
		_ = far.Close()
	}()
	buffer := make([]byte, 4096)
	for {
		n, err := far.Read(buffer)
		if err != nil || mrand.Float64() < goesWrong/5 {
			break
		}
		if _, err := near.Write(buffer[:n]); err != nil {
			break
		}
	}
	_ = near.Close()
	_ = far.Close()
	<-done
}
