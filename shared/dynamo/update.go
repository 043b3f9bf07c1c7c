package dynamo

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
)

// How often a write is attempted, and the ceiling of the first pause, which
// doubles each time; the pause itself is drawn from all below it (full jitter).
const (
	attempts   = 6
	firstPause = 20 * time.Millisecond
)

// Updater is the part of the client that Update needs.
type Updater interface {
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
}

// Update makes a conditional write, and makes the attempts itself instead of
// leaving them to the SDK: repeated tells that an earlier attempt went without an
// answer, so that its effect may be what the last one ran into. Only a caller who
// knows that can tell "somebody else did it" from "I did it". The pauses between
// attempts end with ctx.
func Update(ctx context.Context, client Updater, in *dynamodb.UpdateItemInput) (out *dynamodb.UpdateItemOutput, repeated bool, err error) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		out, err = client.UpdateItem(ctx, in, once)
		if err == nil || attempt == attempts || !retriable(err) {
			return out, repeated, err
		}
		repeated = true
		select {
		case <-ctx.Done():
			return nil, repeated, err
		case <-time.After(rand.N(pause)): //nolint:gosec // jitter, not a secret
			pause *= 2
		}
	}
}

func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// retriable says whether another attempt may fare better. The SDK's own list lacks
// an answer that broke off in the middle, after the effect.
func retriable(err error) bool {
	known := retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err)
	var broken *smithy.DeserializationError
	return known == aws.TrueTernary || known == aws.UnknownTernary && errors.As(err, &broken)
}
