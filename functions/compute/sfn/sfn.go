// Package sfn runs a cluster's shards on a Step Functions state machine.
package sfn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"lockstep/functions/compute"
	"lockstep/shared/failure"
)

// Starter is the part of the client that a Runner needs.
type Starter interface {
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
}

// Runner starts an execution a run. Safe for concurrent use.
type Runner struct {
	Client       Starter
	StateMachine string // its ARN
}

var _ compute.Runner = (*Runner)(nil)

// Start implements compute.Runner. The execution has the run's id for a name, so that a
// start that is repeated, by the SDK or by us, starts it once.
func (r *Runner) Start(ctx context.Context, id string) error {
	input, err := json.Marshal(map[string]string{"run": id})
	if err != nil {
		return err
	}
	_, err = r.Client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &r.StateMachine, Name: &id, Input: aws.String(string(input)),
	})
	var before *types.ExecutionAlreadyExists
	if err == nil || errors.As(err, &before) {
		return nil
	}
	return &failure.Error{Code: failure.Upstream, Message: "the state machine did not answer; whether the run has begun is unknown", Err: fmt.Errorf("start run %s: %w", id, err)}
}
