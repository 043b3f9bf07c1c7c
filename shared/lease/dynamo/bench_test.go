package dynamo_test

import (
	"context"
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
	"lockstep/shared/lease/dynamo"
	"lockstep/shared/need"
)

// meter counts what a client calls, and what that costs by the table's own word.
type meter struct {
	mu            sync.Mutex
	calls         int
	reads, writes float64 // units
}

// metered returns a client whose calls are counted.
func metered(client *dynamodb.Client) (*dynamodb.Client, *meter) {
	m := &meter{}
	count := middleware.InitializeMiddlewareFunc("Meter", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		switch in := in.Parameters.(type) {
		case *dynamodb.UpdateItemInput:
			in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
		case *dynamodb.GetItemInput:
			in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
		}
		out, md, err := next.HandleInitialize(ctx, in)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.calls++
		switch out := out.Result.(type) {
		case *dynamodb.UpdateItemOutput:
			if out != nil && out.ConsumedCapacity != nil {
				m.writes += aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
			}
		case *dynamodb.GetItemOutput:
			if out != nil && out.ConsumedCapacity != nil {
				m.reads += aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
			}
		}
		return out, md, err
	})
	return dynamodb.New(client.Options(), func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error { return s.Initialize.Add(count, middleware.After) })
	}), m
}

const (
	benchKeys   = 12
	benchWanted = 3
	benchHold   = 5 * time.Millisecond
	benchCycles = 10 // of a worker
)

// cycles lets workers acquire 3 of 12 keys, hold them for 5 ms and release them, ten
// times each, and returns how long each of them waited.
func cycles(b *testing.B, workers int, leaser func(worker int) *lease.Leaser) (waits []time.Duration) {
	b.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			l := leaser(w)
			for range benchCycles {
				var keys []string
				for _, k := range mrand.Perm(benchKeys)[:benchWanted] {
					keys = append(keys, "key"+strconv.Itoa(k))
				}
				begin := time.Now()
				held, err := l.Acquire(b.Context(), lease.Request{Keys: keys, Owner: "bench", TTL: 10 * time.Second})
				if err != nil {
					b.Error(err)
					return
				}
				waited := time.Since(begin)
				time.Sleep(benchHold)
				if err := held.Release(b.Context()); err != nil {
					b.Error(err)
				}
				mu.Lock()
				waits = append(waits, waited)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(waits)
	return waits
}

// BenchmarkCycles is the table of shared/lease's README.
func BenchmarkCycles(b *testing.B) {
	shared := need.DynamoDB(b)
	warm := lease.New(&dynamo.Store{Client: shared, Table: "Namespaces", Namespace: rand.Text()}, lease.Options{})
	for range 10 { // the database's own start is not what is measured
		cycles(b, 16, func(int) *lease.Leaser { return warm })
	}
	for _, one := range []bool{false, true} {
		for _, workers := range []int{1, 2, 4, 8, 16, 32} {
			b.Run(fmt.Sprintf("shared=%v/workers=%d", one, workers), func(b *testing.B) {
				client, m := metered(shared)
				store := func(namespace string) lease.Store {
					return &dynamo.Store{Client: client, Table: "Namespaces", Namespace: namespace}
				}
				var waits []time.Duration
				begin := time.Now()
				for range b.N {
					namespace := rand.Text()
					all := lease.New(store(namespace), lease.Options{})
					waits = cycles(b, workers, func(int) *lease.Leaser {
						if one {
							return all
						}
						return lease.New(store(namespace), lease.Options{})
					})
				}
				done := float64(b.N * workers * benchCycles)
				require.Len(b, waits, workers*benchCycles)
				b.ReportMetric(done/time.Since(begin).Seconds(), "cycles/s")
				b.ReportMetric(float64(m.calls)/done, "calls/cycle")
				b.ReportMetric(m.reads/done, "RCU/cycle")
				b.ReportMetric(m.writes/done, "WCU/cycle")
				b.ReportMetric(float64(waits[len(waits)-1])/float64(waits[len(waits)/2]), "longest/median")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
