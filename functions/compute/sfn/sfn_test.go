package sfn_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/require"

	computesfn "lockstep/functions/compute/sfn"
	"lockstep/shared/failure"
)

// machine is a state machine that answers with an error, nil for none.
type machine struct {
	started *sfn.StartExecutionInput
	err     error
}

func (m *machine) StartExecution(_ context.Context, in *sfn.StartExecutionInput, _ ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error) {
	m.started = in
	return &sfn.StartExecutionOutput{}, m.err
}

func TestStart(t *testing.T) {
	t.Parallel()
	m := &machine{}
	require.NoError(t, (&computesfn.Runner{Client: m, StateMachine: "arn"}).Start(t.Context(), "R7"))
	require.Equal(t, "arn", *m.started.StateMachineArn)
	require.Equal(t, "R7", *m.started.Name, "a repeat has the same name, and starts nothing")
	require.JSONEq(t, `{"run":"R7"}`, *m.started.Input)
}

func TestStartTwice(t *testing.T) {
	t.Parallel()
	m := &machine{err: &types.ExecutionAlreadyExists{}}
	require.NoError(t, (&computesfn.Runner{Client: m}).Start(t.Context(), "R7"))
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	m := &machine{err: errors.New("no route to host")}
	err := (&computesfn.Runner{Client: m}).Start(t.Context(), "R7")
	require.Equal(t, failure.Upstream, failure.Of(err).Code)
	require.ErrorIs(t, err, m.err)
}
