package faults_test

import (
	"io"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"lockstep/shared/dynamo"
	"lockstep/shared/dynamo/faults"
)

// each is the faults that a caller sees, by name.
var each = map[string]struct {
	fault  faults.Fault
	effect int // that one attempt has
	met    func(*testing.T, error)
	status int // of the answer; 0 if there is none
	cause  error
	final  bool // the SDK's own retryer takes it for final
	alike  bool // dynamo.Update does too
}{
	"Throttled":        {fault: faults.Throttled, met: met[*types.ProvisionedThroughputExceededException], status: 400},
	"ServerError":      {fault: faults.ServerError, met: met[*types.InternalServerError], status: 500},
	"ServerErrorAfter": {fault: faults.ServerErrorAfter, effect: 1, met: met[*types.InternalServerError], status: 500},
	"Unsent":           {fault: faults.Unsent, met: met[*smithyhttp.RequestSendError], cause: syscall.ECONNREFUSED},
	"Lost":             {fault: faults.Lost, effect: 1, met: met[*smithyhttp.RequestSendError], cause: syscall.ECONNRESET},
	"BrokenOff":        {fault: faults.BrokenOff, effect: 1, met: met[*smithy.DeserializationError], status: 200, cause: io.ErrUnexpectedEOF, final: true},
	"Conflict":         {fault: faults.Conflict, met: met[*types.TransactionConflictException], status: 400, final: true, alike: true},
	"Late.Held":        {fault: new(faults.Late).Held(), met: met[*smithyhttp.RequestSendError], cause: syscall.ECONNRESET},
}

func TestOneAttemptHasTheErrorAndTheEffectOfItsFault(t *testing.T) {
	t.Parallel()
	for name, f := range each {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			client, attempts := c.with(faults.Nth("UpdateItem", 1, f.fault))
			_, err := client.UpdateItem(t.Context(), c.increment(), once)
			f.met(t, err)
			var answered *awshttp.ResponseError
			require.ErrorAs(t, err, &answered)
			require.Equal(t, f.status, answered.HTTPStatusCode())
			if f.cause != nil {
				require.ErrorIs(t, err, f.cause)
			}
			c.require(t, f.effect)
			_, err = client.UpdateItem(t.Context(), c.increment(), once)
			require.NoError(t, err, "it was the first attempt only")
			c.require(t, f.effect+1)
			require.EqualValues(t, 2, attempts.Load())
		})
	}
}

func TestUpdateRepeatsWhatAFaultMet(t *testing.T) {
	t.Parallel()
	for name, f := range each {
		if f.alike {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			client, attempts := c.with(faults.Nth("UpdateItem", 1, f.fault))
			_, repeated, err := dynamo.Update(t.Context(), client, c.first())
			turnedAway := f.fault == faults.Throttled || f.fault == faults.Conflict
			require.Equal(t, !turnedAway, repeated, "the first attempt may have had its effect")
			require.EqualValues(t, 2, attempts.Load())
			c.require(t, 1)
			if f.effect == 0 {
				require.NoError(t, err)
			} else {
				met[*types.ConditionalCheckFailedException](t, err)
			}
		})
	}
}

func TestTheSDKRepeatsWhatAFaultMet(t *testing.T) {
	t.Parallel()
	for name, f := range each {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			client, attempts := c.with(faults.Nth("UpdateItem", 1, f.fault))
			_, err := client.UpdateItem(t.Context(), c.increment())
			if f.final {
				f.met(t, err)
				require.EqualValues(t, 1, attempts.Load())
				c.require(t, f.effect)
				return
			}
			require.NoError(t, err)
			require.EqualValues(t, 2, attempts.Load())
			c.require(t, f.effect+1)
		})
	}
}

func TestAReadMeetsFaultsToo(t *testing.T) {
	t.Parallel()
	for name, f := range each {
		if f.fault == faults.Conflict {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			client, _ := c.with(faults.Nth("GetItem", 1, f.fault))
			_, err := client.UpdateItem(t.Context(), c.increment())
			require.NoError(t, err, "it is no GetItem")
			_, err = client.GetItem(t.Context(), c.get(), once)
			f.met(t, err)
			out, err := client.GetItem(t.Context(), c.get(), once)
			require.NoError(t, err)
			require.Equal(t, &types.AttributeValueMemberN{Value: "1"}, out.Item["n"])
		})
	}
}

func TestARefusalGetsLostAsWell(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		fault faults.Fault
		met   func(*testing.T, error)
	}{
		"Lost":             {faults.Lost, met[*smithyhttp.RequestSendError]},
		"BrokenOff":        {faults.BrokenOff, met[*smithy.DeserializationError]},
		"ServerErrorAfter": {faults.ServerErrorAfter, met[*types.InternalServerError]},
		"None":             {faults.None, met[*types.ConditionalCheckFailedException]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t)
			client, _ := c.with(faults.Nth("UpdateItem", 2, want.fault))
			_, err := client.UpdateItem(t.Context(), c.first(), once)
			require.NoError(t, err)
			_, err = client.UpdateItem(t.Context(), c.first(), once)
			want.met(t, err)
		})
	}
}

func TestConflictOfATransaction(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	in := &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Update: &types.Update{
			TableName: aws.String("Namespaces"), Key: c.key, UpdateExpression: c.increment().UpdateExpression,
			ExpressionAttributeValues: c.increment().ExpressionAttributeValues,
		}},
		{Delete: &types.Delete{TableName: aws.String("Namespaces"), Key: newKey()}},
	}}
	client, attempts := c.with(faults.Nth("TransactWriteItems", 1, faults.Conflict))
	_, err := client.TransactWriteItems(t.Context(), in)
	var cancelled *types.TransactionCanceledException
	require.ErrorAs(t, err, &cancelled)
	require.Len(t, cancelled.CancellationReasons, len(in.TransactItems))
	require.Equal(t, "TransactionConflict", aws.ToString(cancelled.CancellationReasons[0].Code))
	require.Equal(t, "None", aws.ToString(cancelled.CancellationReasons[1].Code))
	require.EqualValues(t, 1, attempts.Load())
	c.require(t, 0)
	_, err = client.TransactWriteItems(t.Context(), in)
	require.NoError(t, err)
	c.require(t, 1)
}

func TestConflictOfACallThatHasNone(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	client, _ := c.with(faults.Every("GetItem", 1, faults.Conflict))
	_, err := client.GetItem(t.Context(), c.get())
	require.ErrorContains(t, err, "GetItem can't fail for a transaction")
}

func TestAnInjectedAnswerSaysSo(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	client, _ := c.with(faults.Every("UpdateItem", 1, faults.ServerError))
	_, err := client.UpdateItem(t.Context(), c.increment())
	require.ErrorContains(t, err, "RequestID: INJECTED-UpdateItem-3", "the last of three attempts")
}

func TestAPlanIsToldTheAttempt(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var told []faults.Attempt
	option := faults.Inject(func(a faults.Attempt) faults.Fault {
		told = append(told, a)
		return faults.Nth("UpdateItem", 1, faults.Lost)(a)
	})
	in, get := c.increment(), c.get()
	for range 2 {
		client := dynamodb.New(c.real.Options(), impatient, option)
		_, err := client.UpdateItem(t.Context(), in)
		require.NoError(t, err)
		_, err = client.GetItem(t.Context(), get)
		require.NoError(t, err)
	}
	require.Equal(t, []faults.Attempt{
		{Call: "UpdateItem", N: 1, Input: in}, {Call: "UpdateItem", N: 2, Input: in}, {Call: "GetItem", N: 1, Input: get},
		{Call: "UpdateItem", N: 3, Input: in}, {Call: "GetItem", N: 2, Input: get},
	}, told, "attempts, not calls, over all clients of the option")
}

func TestPlansStandBehindEachOther(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	client, attempts := c.with(faults.Nth("GetItem", 1, faults.Unsent))
	var behind []int
	_, err := client.GetItem(t.Context(), c.get(), faults.Inject(func(a faults.Attempt) faults.Fault {
		behind = append(behind, a.N)
		return faults.Nth("GetItem", 1, faults.Throttled)(a)
	}))
	require.NoError(t, err)
	require.EqualValues(t, 3, attempts.Load(), "one was unsent, one throttled")
	require.Equal(t, []int{1, 2}, behind, "what is not sent does not get there")
}
