// Command bootstrap is the compute service in Lambda: one binary, deployed once an
// operation.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	awssfn "github.com/aws/aws-sdk-go-v2/service/sfn"

	"lockstep/functions/compute"
	"lockstep/functions/compute/dynamo"
	"lockstep/functions/compute/sfn"
	shared "lockstep/shared/dynamo"
	"lockstep/shared/operation"
	"lockstep/shared/operation/inlambda"
	"lockstep/shared/pi"
)

func main() { inlambda.Start(open) }

func open(ctx context.Context) ([]operation.Operation, error) {
	client, err := shared.Open(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	sampler, err := pi.New(pi.Auto)
	if err != nil {
		return nil, err
	}
	faults, err := shardFaults(os.Getenv("SHARD_FAULTS"))
	if err != nil {
		return nil, err
	}
	atATime, err := strconv.Atoi(os.Getenv("CLUSTER_CONCURRENCY"))
	if err != nil || atATime < 1 {
		return nil, fmt.Errorf("CLUSTER_CONCURRENCY must be at least 1, not %q", os.Getenv("CLUSTER_CONCURRENCY"))
	}
	service := &compute.Service{
		Store:         dynamo.New(client, dynamo.Tables{Logins: os.Getenv("LOGINS_TABLE"), Runs: os.Getenv("RUNS_TABLE")}, dynamo.DefaultGroup),
		Runner:        &sfn.Runner{Client: awssfn.NewFromConfig(settings), StateMachine: os.Getenv("CLUSTER_ARN")},
		Pi:            pi.NewPool(sampler, cores(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))),
		ShardsAtATime: atATime,
		ShardFaults:   faults,
		QuoteAddr:     os.Getenv("QUOTE_ADDR"),
	}
	return service.Operations(), nil
}

// memoryOfACore is the memory in MB for which Lambda gives a function a whole core.
const memoryOfACore = 1769

// cores returns how many cores a function has by its memory in MB, at least one.
func cores(memory string) int {
	megabytes, _ := strconv.Atoi(memory)
	return max(1, megabytes/memoryOfACore)
}

// shardFaults reads which shards are to fail how often, as in "3=2,5=1".
func shardFaults(text string) (map[int]int, error) {
	faults := map[int]int{}
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		var shard, times int
		if _, err := fmt.Sscanf(part, "%d=%d", &shard, &times); err != nil {
			return nil, fmt.Errorf("SHARD_FAULTS must be as in 3=2,5=1, not %q", text)
		}
		faults[shard] = times
	}
	return faults, nil
}
