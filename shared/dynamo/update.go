package dynamo

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
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
	repeated, err = repeat(ctx, func() error {
		out, err = client.UpdateItem(ctx, in, once)
		return err
	})
	return out, repeated, err
}

// Transactor is the part of the client that Transact needs.
type Transactor interface {
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// Transact makes a transaction of writes as Update makes one, with attempts of its
// own; what cancels it for others' transactions alone is tried again. The input
// should have a ClientRequestToken, by which the table itself knows a repeat.
func Transact(ctx context.Context, client Transactor, in *dynamodb.TransactWriteItemsInput) (repeated bool, err error) {
	return repeat(ctx, func() error {
		_, err := client.TransactWriteItems(ctx, in, once)
		return err
	})
}

// repeat makes attempts while another one may fare better.
func repeat(ctx context.Context, attempt func() error) (repeated bool, err error) {
	pause := firstPause
	for n := 1; ; n++ {
		if err = attempt(); err == nil || n == attempts || !retriable(err) {
			return repeated, err
		}
		repeated = true
		select {
		case <-ctx.Done():
			return repeated, err
		case <-time.After(rand.N(pause)): //nolint:gosec // jitter, not a secret
			pause *= 2
		}
	}
}

// onlyConflicts says whether a transaction was cancelled by nothing but others that
// were under way at the same time.
func onlyConflicts(err error) bool {
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return false
	}
	conflicts := 0
	for _, reason := range cancelled.CancellationReasons {
		switch aws.ToString(reason.Code) {
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			conflicts++
		case "None":
		default:
			return false
		}
	}
	return conflicts > 0
}

func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// retriable says whether another attempt may fare better. The SDK's own list lacks
// an answer that broke off in the middle, after the effect.
func retriable(err error) bool {
	var conflict *types.TransactionConflictException // somebody's transaction is under way on the item
	if errors.As(err, &conflict) || onlyConflicts(err) {
		return true
	}
	known := retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err)
	var broken *smithy.DeserializationError
	return known == aws.TrueTernary || known == aws.UnknownTernary && errors.As(err, &broken)
}

// Answered says whether the error is DynamoDB's own word, so that a single attempt
// that failed with it had no effect; else no answer came, and nobody knows.
func Answered(err error) bool {
	var answer smithy.APIError
	return errors.As(err, &answer)
}
