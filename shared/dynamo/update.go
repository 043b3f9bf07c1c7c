package dynamo

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"lockstep/shared/failure"
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
// leaving them to the SDK: repeated tells that an earlier attempt may have been made
// all the same, so that its effect may be what the last one ran into. Only a caller who
// knows that can tell "somebody else did it" from "I did it". The pauses between
// attempts end with ctx.
func Update(ctx context.Context, client Updater, in *dynamodb.UpdateItemInput) (out *dynamodb.UpdateItemOutput, repeated bool, err error) {
	repeated, err = repeat(ctx, func(ctx context.Context) error {
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
	return repeat(ctx, func(ctx context.Context) error {
		_, err := client.TransactWriteItems(ctx, in, once)
		return err
	})
}

// attemptTime is how long one attempt may take. Answers come within milliseconds; an
// attempt that hangs must not take the time of the next one.
const attemptTime = 3 * time.Second

// repeat makes attempts while another one may fare better. repeated tells that one
// before the last may have had its effect: no answer came, or one that leaves it open.
func repeat(ctx context.Context, attempt func(context.Context) error) (repeated bool, err error) {
	pause := firstPause
	for n := 1; ; n++ {
		limited, cancel := context.WithTimeout(ctx, attemptTime)
		err = attempt(limited)
		hung := limited.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil || n == attempts || !hung && !retriable(err) {
			return repeated, err
		}
		repeated = repeated || !Answered(err)
		select {
		case <-ctx.Done():
			return repeated, err
		case <-time.After(rand.N(pause)): //nolint:gosec // jitter, not a secret
			pause *= 2
		}
	}
}

// conflicted says whether a write was refused, or a transaction cancelled, by nothing
// but others' transactions that were under way at the same time.
func conflicted(err error) bool {
	var conflict *types.TransactionConflictException
	if errors.As(err, &conflict) {
		return true
	}
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
	if conflicted(err) {
		return true
	}
	known := retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err)
	var broken *smithy.DeserializationError
	return known == aws.TrueTernary || known == aws.UnknownTernary && errors.As(err, &broken)
}

// Answered says whether the error is DynamoDB's own word that it did nothing: a
// refusal, also for want of capacity. Without an answer, or with a 5xx, nobody knows.
func Answered(err error) bool {
	var answer smithy.APIError
	var response *awshttp.ResponseError
	return errors.As(err, &answer) && errors.As(err, &response) && response.HTTPStatusCode() < http.StatusInternalServerError
}

// Throttled says whether the error is that the table or the account takes no more for
// now, or that others' transactions were in the way. Nothing was done.
func Throttled(err error) bool {
	return Answered(err) && (conflicted(err) || retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary)
}

// Unknown marks the error of a write that may have been made all the same, also by an
// attempt before the last one, as failure.Upstream; that the table takes no more for
// now, as failure.Busy.
func Unknown(err error, repeated bool) error {
	if !repeated && Throttled(err) {
		return &failure.Error{Code: failure.Busy, Message: "the store takes no more for now", RetryAfter: time.Second, Err: err}
	}
	if err == nil || !repeated && Answered(err) {
		return err
	}
	return &failure.Error{Code: failure.Upstream, Message: "the store did not answer; whether it was done is unknown", Err: err}
}
