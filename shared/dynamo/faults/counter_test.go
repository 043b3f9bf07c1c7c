package faults_test

import (
	"crypto/rand"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"lockstep/shared/dynamo/faults"
	"lockstep/shared/need"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, // what is kept alive for the next request is no leak
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// counter is an item whose number tells how many increments had their effect.
type counter struct {
	real *dynamodb.Client // without faults
	key  map[string]types.AttributeValue
}

func newCounter(t *testing.T) counter {
	t.Helper()
	return counter{need.DynamoDB(t), newKey()}
}

func newKey() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"namespace": &types.AttributeValueMemberS{Value: rand.Text()}}
}

// with returns a client that meets the plan and repeats what the SDK repeats by
// default, but without pauses, and a count of its attempts.
func (c counter) with(plan faults.Plan) (client *dynamodb.Client, attempts *atomic.Int64) {
	attempts = new(atomic.Int64)
	return dynamodb.New(c.real.Options(), impatient, faults.Inject(func(a faults.Attempt) faults.Fault {
		attempts.Add(1)
		return plan(a)
	})), attempts
}

func impatient(o *dynamodb.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

func (c counter) increment() *dynamodb.UpdateItemInput {
	return &dynamodb.UpdateItemInput{
		TableName: aws.String("Namespaces"), Key: c.key, UpdateExpression: aws.String("ADD n :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
	}
}

// first is an increment that is refused if there was one before.
func (c counter) first() *dynamodb.UpdateItemInput {
	in := c.increment()
	in.ConditionExpression = aws.String("attribute_not_exists(n)")
	return in
}

func (c counter) get() *dynamodb.GetItemInput {
	return &dynamodb.GetItemInput{TableName: aws.String("Namespaces"), Key: c.key, ConsistentRead: aws.Bool(true)}
}

// require requires the number of effects.
func (c counter) require(t *testing.T, want int) {
	t.Helper()
	out, err := c.real.GetItem(t.Context(), c.get())
	require.NoError(t, err)
	n, _ := out.Item["n"].(*types.AttributeValueMemberN)
	if want == 0 {
		require.Nil(t, n)
		return
	}
	require.Equal(t, &types.AttributeValueMemberN{Value: strconv.Itoa(want)}, n)
}

// met is an error that a fault leads to.
func met[T error](t *testing.T, err error) {
	t.Helper()
	var want T
	require.ErrorAs(t, err, &want)
}
