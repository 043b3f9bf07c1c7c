package dynamo_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep/shared/dynamo"
	"lockstep/shared/failure"
)

// breathless is a table that has breath for so many items of a batch.
type breathless struct {
	breath int
	calls  int
	err    error
}

func (b *breathless) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	b.calls++
	wanted := in.RequestItems["Toys"]
	n := min(b.breath, len(wanted.Keys))
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{"Toys": wanted.Keys[:n]}}
	if n < len(wanted.Keys) {
		wanted.Keys = wanted.Keys[n:]
		out.UnprocessedKeys = map[string]types.KeysAndAttributes{"Toys": wanted}
	}
	return out, b.err
}

func keys(n int) []map[string]types.AttributeValue {
	all := make([]map[string]types.AttributeValue, n)
	for i := range all {
		all[i] = key()
	}
	return all
}

func TestBatchGetAsksForTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &breathless{breath: 3}
		items, err := dynamo.BatchGet(t.Context(), b, "Toys", keys(10))
		require.NoError(t, err)
		require.Len(t, items, 10)
		require.Equal(t, 4, b.calls)
	})
}

func TestBatchGetGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1e9)
		defer cancel()
		_, err := dynamo.BatchGet(ctx, &breathless{}, "Toys", keys(1))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		gone := errors.New("gone")
		_, err = dynamo.BatchGet(t.Context(), &breathless{err: gone}, "Toys", keys(1))
		require.ErrorIs(t, err, gone)
	})
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	require.NoError(t, dynamo.Unknown(nil, true))
	for name, err := range final {
		if err == nil || !dynamo.Answered(err) {
			continue
		}
		require.Equal(t, err, dynamo.Unknown(err, false), "%s: it says that nothing was done", name)
		require.Equal(t, failure.Upstream, failure.Of(dynamo.Unknown(err, true)).Code, "%s: but an earlier attempt may have been", name)
	}
	for name, err := range turnedAway {
		require.Equal(t, failure.Busy, failure.Of(dynamo.Unknown(err, false)).Code, name)
		require.Equal(t, failure.Upstream, failure.Of(dynamo.Unknown(err, true)).Code, name)
	}
	for name, err := range passing {
		require.Equal(t, failure.Upstream, failure.Of(dynamo.Unknown(err, false)).Code, name)
	}
}
