// Package dynamo sets up the DynamoDB client of a process, and repeats its writes
// in a way that a store can reason about.
package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Open returns a client for the usual environment (AWS_REGION, credentials,
// AWS_ENDPOINT_URL_DYNAMODB). It calls nothing.
func Open(ctx context.Context) (*dynamodb.Client, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	return dynamodb.NewFromConfig(settings, func(o *dynamodb.Options) {
		// Validation fails on every error answer, such as a refused condition, whose
		// body the SDK has not read to its end: it then logs a warning and drops the
		// connection. TLS guards the bytes already.
		o.DisableValidateResponseChecksum = true
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				if retriable(err) {
					return aws.TrueTernary
				}
				return aws.UnknownTernary
			}))
		})
	}), nil
}
