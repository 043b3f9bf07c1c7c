package sam_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"lockstep/functions/compute"
	"lockstep/functions/compute/dynamo"
	"lockstep/shared/pi"
)

func computeInMemory() ground { return computeOn(compute.NewMemory(nil)) }

func computeOnDynamoDB(client *dynamodb.Client) ground {
	return computeOn(dynamo.New(client, dynamo.LogicalTables(), dynamo.DefaultGroup))
}

// nowhere is a state machine that runs nothing.
type nowhere struct{}

func (nowhere) Start(context.Context, string) error { return nil }

// The runs that events meet: one that is done, one of which a shard is missing, and one
// that is to be merged.
const (
	doneRun = "DONE2JQ5RUNOFTHECLUSTER7ZA"
	halfRun = "HALF2JQ5RUNOFTHECLUSTER7ZA"
	fullRun = "FULL2JQ5RUNOFTHECLUSTER7ZA"
)

// The runs are of three blocks, in two shards, which count that.
const (
	runSize   = 3_000_000
	runSeed   = 1
	runBegan  = 1795176000000 // Unix milliseconds
	firstHits = 1648165
	restHits  = 708750
)

// counted is what events leave behind. When a run ended is the clock's.
type counted struct {
	Logins map[string]int64
	Ends   map[string]compute.End
	Shards map[string]map[int]int64
}

func computed() counted {
	return counted{
		Logins: map[string]int64{"0123": 2, "9999": 1},
		Ends:   map[string]compute.End{doneRun: {Hits: firstHits + restHits}},
		Shards: map[string]map[int]int64{doneRun: {}, halfRun: {0: firstHits}, fullRun: {0: firstHits, 1: restHits}},
	}
}

func computeOn(store compute.Store) ground {
	sampler, err := pi.New(pi.Auto)
	if err != nil {
		panic(err)
	}
	service := &compute.Service{Store: store, Runner: nowhere{}, Pi: pi.NewPool(sampler, 1), ShardsAtATime: 100}
	return ground{
		operations: service.Operations(),
		fill:       func(t *testing.T) { t.Helper(); fillCompute(t, store) },
		look:       func(t *testing.T) any { t.Helper(); return lookAtCompute(t, store) },
		before:     func() any { return computed() },
		after: func(name string) any {
			all := computed()
			switch name {
			case "pi", "start-run", "quote":
				all.Logins["0123"]++
			case "shard":
				all.Shards[halfRun][1] = restHits
			case "merge":
				all.Ends[fullRun] = compute.End{Hits: firstHits + restHits}
			}
			return all
		},
	}
}

func fillCompute(t *testing.T, store compute.Store) {
	t.Helper()
	ctx, begin := t.Context(), computed()
	for user, times := range begin.Logins {
		for range times {
			require.NoError(t, store.CountLogin(ctx, user))
		}
	}
	began := time.UnixMilli(runBegan)
	for id, shards := range begin.Shards {
		require.NoError(t, store.CreateRun(ctx, compute.Run{ID: id, Simulations: runSize, Shards: 2, Seed: runSeed, Began: began}))
		for shard, hits := range shards {
			require.NoError(t, store.PutShard(ctx, id, shard, hits))
		}
	}
	for id, end := range begin.Ends {
		end.At = began.Add(2500 * time.Millisecond)
		require.NoError(t, store.EndRun(ctx, id, end))
	}
}

func lookAtCompute(t *testing.T, store compute.Store) counted {
	t.Helper()
	there := counted{Ends: map[string]compute.End{}, Shards: map[string]map[int]int64{}}
	var err error
	there.Logins, err = store.Logins(t.Context())
	require.NoError(t, err)
	for id := range computed().Shards {
		r, err := store.Run(t.Context(), id)
		require.NoError(t, err)
		if r.End != nil {
			there.Ends[id] = compute.End{Hits: r.End.Hits, Error: r.End.Error}
		}
		there.Shards[id], _, err = store.Shards(t.Context(), id)
		require.NoError(t, err)
	}
	return there
}
