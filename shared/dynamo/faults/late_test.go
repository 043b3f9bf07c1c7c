package faults_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"lockstep/shared/dynamo"
	"lockstep/shared/dynamo/faults"
)

func TestAHeldRequestArrivesWhenReleased(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var late faults.Late
	client, _ := c.with(faults.Every("UpdateItem", 1, late.Held()))
	ctx, cancel := context.WithCancel(t.Context())
	for _, in := range []*dynamodb.UpdateItemInput{c.increment(), c.first()} {
		_, err := client.UpdateItem(ctx, in, once)
		met[*smithyhttp.RequestSendError](t, err)
	}
	cancel() // what is on its way can't be called back
	c.require(t, 0)
	outcomes := late.Release()
	require.Len(t, outcomes, 2)
	require.NoError(t, outcomes[0])
	met[*types.ConditionalCheckFailedException](t, outcomes[1])
	c.require(t, 1)
	require.Empty(t, late.Release(), "each arrives once")
	c.require(t, 1)
}

func TestAHeldRequestArrivesAfterItsRepetition(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var late faults.Late
	client, _ := c.with(faults.Nth("UpdateItem", 1, late.Held()))
	_, repeated, err := dynamo.Update(t.Context(), client, c.increment())
	require.NoError(t, err)
	require.True(t, repeated)
	c.require(t, 1)
	require.Equal(t, []error{nil}, late.Release())
	c.require(t, 2)
}

func TestLateRequestsArriveBesideTheirRepetitions(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var late faults.Late
	client, _ := c.with(func(a faults.Attempt) faults.Fault {
		if a.N%2 == 1 {
			return late.After(time.Duration(a.N) * 100 * time.Microsecond)
		}
		return faults.None
	})
	for range 20 {
		_, err := client.UpdateItem(t.Context(), c.increment())
		require.NoError(t, err)
	}
	require.Equal(t, make([]error, 20), late.Wait())
	require.Empty(t, late.Wait(), "they are told once")
	c.require(t, 40)
}

// stub is a DynamoDB that agrees to everything, and counts it.
type stub struct{ atomic.Int64 }

func (s *stub) Do(*http.Request) (*http.Response, error) {
	s.Add(1)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
}

func (s *stub) with(plan faults.Plan) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: s}, once, faults.Inject(plan))
}

func TestALateRequestArrivesAfterItsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var late faults.Late
		var s stub
		started := time.Now()
		_, err := s.with(faults.Nth("UpdateItem", 1, late.After(time.Minute))).UpdateItem(t.Context(), counter{key: newKey()}.increment())
		met[*smithyhttp.RequestSendError](t, err)
		require.Zero(t, time.Since(started), "the caller is told at once")
		require.Zero(t, s.Load())
		require.Equal(t, []error{nil}, late.Wait())
		require.Equal(t, time.Minute, time.Since(started))
		require.EqualValues(t, 1, s.Load())
	})
}

func TestADelayedRequest(t *testing.T) {
	t.Parallel()
	delayed := faults.Nth("UpdateItem", 1, faults.Delayed(time.Minute))
	t.Run("OK", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var s stub
			started := time.Now()
			_, err := s.with(delayed).UpdateItem(t.Context(), counter{key: newKey()}.increment())
			require.NoError(t, err)
			require.Equal(t, time.Minute, time.Since(started))
			require.EqualValues(t, 1, s.Load())
		})
	})
	t.Run("the caller gave up", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var s stub
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			started := time.Now()
			_, err := s.with(delayed).UpdateItem(ctx, counter{key: newKey()}.increment())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			met[*smithy.CanceledError](t, err)
			require.Equal(t, time.Second, time.Since(started))
			require.Zero(t, s.Load(), "no effect")
		})
	})
}

func TestAConnectionThatFailsWhenTheCallerHasGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var s stub
	_, err := s.with(func(faults.Attempt) faults.Fault {
		cancel()
		return faults.Lost
	}).UpdateItem(ctx, counter{key: newKey()}.increment())
	met[*smithy.CanceledError](t, err)
	require.NotContains(t, err.Error(), "reset")
}
