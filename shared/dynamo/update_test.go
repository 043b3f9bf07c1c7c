package dynamo_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"lockstep/shared/dynamo"
)

// stub is an Updater that answers with one error after the other, nil when they
// are used up.
type stub struct {
	t       *testing.T
	errs    []error
	calls   int
	between func() // runs within each call
}

var done = &dynamodb.UpdateItemOutput{}

func (s *stub) UpdateItem(_ context.Context, _ *dynamodb.UpdateItemInput, change ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	var o dynamodb.Options
	for _, c := range change {
		c(&o)
	}
	require.NotNil(s.t, o.Retryer)
	require.Equal(s.t, 1, o.Retryer.MaxAttempts(), "the SDK would repeat the write and not say so")
	if s.between != nil {
		s.between()
	}
	s.calls++
	if s.calls > len(s.errs) {
		return done, nil
	}
	return nil, s.errs[s.calls-1]
}

// answered is the error of an answer with the status, as the SDK returns it.
func answered(status int, err error) error {
	return &smithy.OperationError{ServiceID: "DynamoDB", OperationName: "UpdateItem", Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
		},
	}}
}

// final are the outcomes after which there is nothing to repeat.
var final = map[string]error{
	"success":                        nil,
	"a condition that does not hold": answered(400, &types.ConditionalCheckFailedException{}),
	"an invalid request":             answered(400, &smithy.GenericAPIError{Code: "ValidationException"}),
	"a missing table":                answered(400, &types.ResourceNotFoundException{}),
	"a missing permission":           answered(400, &smithy.GenericAPIError{Code: "AccessDeniedException"}),
	"a cancelled call":               &aws.RequestCanceledError{Err: context.Canceled},
	"an answer cancelled half way":   answered(200, &smithy.DeserializationError{Err: &aws.RequestCanceledError{Err: context.Canceled}}),
	"an error that nobody knows":     errors.New("out of memory"),
}

// turnedAway are errors after which the write has not happened, but may yet.
var turnedAway = map[string]error{
	"a throttled table":      answered(400, &types.ProvisionedThroughputExceededException{}),
	"a throttled account":    answered(400, &types.RequestLimitExceeded{}),
	"a throttled client":     answered(400, &smithy.GenericAPIError{Code: "ThrottlingException"}),
	"somebody's transaction": answered(400, &types.TransactionConflictException{}),
}

// passing are errors after which the write may or may not have happened.
var passing = map[string]error{
	"a 500":                  answered(500, &types.InternalServerError{}),
	"a 503 of no known code": answered(503, &smithy.GenericAPIError{Code: "UnknownError"}),
	"a connection refused":   &smithyhttp.RequestSendError{Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}},
	"a connection reset":     &smithyhttp.RequestSendError{Err: &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}},
	"a connection closed":    &smithyhttp.RequestSendError{Err: io.EOF},
	"an answer broken off":   answered(200, &smithy.DeserializationError{Err: io.ErrUnexpectedEOF}),
	"a refusal broken off":   answered(400, &smithy.DeserializationError{Err: io.ErrUnexpectedEOF}),
}

func TestUpdateReturnsAtOnce(t *testing.T) {
	t.Parallel()
	for name, err := range final {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := &stub{t: t, errs: []error{err}}
				started := time.Now()
				_, repeated, got := dynamo.Update(t.Context(), client, &dynamodb.UpdateItemInput{})
				require.Equal(t, err, got)
				require.False(t, repeated, "there was no attempt before it")
				require.Equal(t, 1, client.calls)
				require.Zero(t, time.Since(started))
			})
		})
	}
}

func TestUpdateRepeats(t *testing.T) {
	t.Parallel()
	for name, err := range all(passing, turnedAway) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := &stub{t: t, errs: []error{err}}
				out, repeated, got := dynamo.Update(t.Context(), client, &dynamodb.UpdateItemInput{})
				require.NoError(t, got)
				require.Same(t, done, out)
				require.Equal(t, passing[name] != nil, repeated, "the first attempt may have had its effect")
				require.Equal(t, 2, client.calls)
			})
		})
	}
}

func all(kinds ...map[string]error) map[string]error {
	every := map[string]error{}
	for _, kind := range kinds {
		maps.Copy(every, kind)
	}
	return every
}

// hanging is an Updater whose first call never answers.
type hanging struct {
	*stub
	hung bool
}

func (h *hanging) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, change ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if !h.hung {
		h.hung = true
		<-ctx.Done()
		return nil, &aws.RequestCanceledError{Err: ctx.Err()}
	}
	return h.stub.UpdateItem(ctx, in, change...)
}

func TestUpdateDoesNotWaitForAnAttemptThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, started := &hanging{stub: &stub{t: t}}, time.Now()
		_, repeated, err := dynamo.Update(t.Context(), client, &dynamodb.UpdateItemInput{})
		require.NoError(t, err)
		require.True(t, repeated, "it may come yet")
		require.Less(t, time.Since(started), 4*time.Second) // the bubble's clock
	})
}

func TestUpdateSaysThatARefusalMayBeItsOwnDoing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := &stub{t: t, errs: []error{passing["a connection closed"], final["a condition that does not hold"]}}
		_, repeated, err := dynamo.Update(t.Context(), client, &dynamodb.UpdateItemInput{})
		var refused *types.ConditionalCheckFailedException
		require.ErrorAs(t, err, &refused)
		require.True(t, repeated)
		require.Equal(t, 2, client.calls)
	})
}

func TestUpdateGivesUpInTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var errs []error
		for range 100 {
			errs = append(errs, answered(500, &types.InternalServerError{}))
		}
		client := &stub{t: t, errs: errs}
		started := time.Now()
		_, repeated, err := dynamo.Update(t.Context(), client, &dynamodb.UpdateItemInput{})
		require.Same(t, errs[client.calls-1], err, "the last error is the one that counts")
		require.True(t, repeated)
		require.Equal(t, 6, client.calls)
		// The bubble's clock: pauses of up to 20, 40, 80, 160 and 320 ms, drawn at random.
		require.Positive(t, time.Since(started))
		require.Less(t, time.Since(started), 620*time.Millisecond)
	})
}

func TestUpdateEndsWithItsContext(t *testing.T) {
	t.Parallel()
	lost := passing["a connection closed"]
	t.Run("over before it began", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			requireEnd(ctx, t, &stub{t: t, errs: []error{lost}}, lost)
		})
	})
	t.Run("over during an attempt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			requireEnd(ctx, t, &stub{t: t, errs: []error{lost}, between: cancel}, lost)
		})
	})
	t.Run("over in a pause", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond) // all but one pause in ten million are longer
			defer cancel()
			client := &stub{t: t, errs: []error{lost}}
			_, _, err := dynamo.Update(ctx, client, &dynamodb.UpdateItemInput{})
			require.Equal(t, lost, err)
			require.Equal(t, 1, client.calls)
		})
	})
}

// requireEnd requires one attempt, no pause, and that the attempt's own error shows.
func requireEnd(ctx context.Context, t *testing.T, client *stub, want error) {
	t.Helper()
	started := time.Now()
	_, repeated, err := dynamo.Update(ctx, client, &dynamodb.UpdateItemInput{})
	require.Equal(t, want, err)
	require.True(t, repeated, "nobody knows what the attempt did")
	require.Equal(t, 1, client.calls)
	require.Zero(t, time.Since(started))
}
