package histories_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/shared/dynamo/faults"
)

// Builds that DynamoDB does not hold to a condition: what comes of that is lost
// updates, each in a history that the right build refuses to have.

// stripped is a client's option: every call that is picked is made whatever its
// condition says.
func stripped(picked func(input any) bool) func(*dynamodb.Options) {
	strip := middleware.InitializeMiddlewareFunc("Stripped",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			if picked(in.Parameters) {
				switch in := in.Parameters.(type) {
				case *dynamodb.UpdateItemInput:
					in.ConditionExpression = always(in.ConditionExpression, in.ExpressionAttributeNames)
				case *dynamodb.TransactWriteItemsInput:
					for _, i := range in.TransactItems {
						i.Update.ConditionExpression = always(i.Update.ConditionExpression, i.Update.ExpressionAttributeNames)
					}
				}
			}
			return next.HandleInitialize(ctx, in)
		})
	return func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(strip, middleware.Before) })
	}
}

// always is a condition that holds, with all the names and values of the old one:
// DynamoDB wants them to be used.
func always(condition *string, names map[string]string) *string {
	if strings.Contains(*condition, "#always") { // this is a repeat
		return condition
	}
	names["#always"] = "namespace"
	return aws.String("(" + *condition + ") OR attribute_exists(#always) OR attribute_not_exists(#always)")
}

// sets says whether the input is an update that names the attribute.
func sets(input any, attribute string) bool {
	in, is := input.(*dynamodb.UpdateItemInput)
	return is && slices.Contains(slices.Collect(maps.Values(in.ExpressionAttributeNames)), attribute)
}

// What builds leave out.
var (
	nothing     = func(any) bool { return false }
	tokenChecks = func(input any) bool { _, is := input.(*dynamodb.TransactWriteItemsInput); return is }
	enqueues    = func(input any) bool { return sets(input, "n") } // the last ticket
	evictions   = func(input any) bool { return sets(input, "f") } // how the last entries ended
)

// scene is a world with one endpoint, and two clients of it.
type scene struct {
	*world
	database      *database
	leftOut       func(input any) bool
	first, second *client
}

var theEndpoint = []string{"e0"}

func newScene(t *testing.T, leftOut func(any) bool) *scene {
	t.Helper()
	d := onDynamoDB(t)
	s := &scene{world: newWorld(t, d, map[string][]int64{theEndpoint[0]: {0}}), database: d, leftOut: leftOut}
	s.first, s.second = s.client(1, 0), s.client(2, 0)
	return s
}

// client returns one with a process of the build, whose clock is ahead by so much.
func (s *scene) client(id int, ahead time.Duration, options ...func(*dynamodb.Options)) *client {
	return &client{process: s.start(s.database.through(append(options, stripped(s.leftOut))...), ahead), world: s.world, id: id}
}

// change is the step of somebody who has read that.
func (s *scene) change(reads map[int64]string) step {
	writes := map[int64]string{}
	for id := range reads {
		writes[id] = s.value()
	}
	return step{kind: update, reads: reads, writes: writes}
}

// changeUnder reads and writes under the lease, and releases it.
func (c *client) changeUnder(h held, s *scene) {
	reads, read := c.readAll(h)
	require.True(s.t, read)
	c.write(h, s.change(reads))
	c.release(h)
}

// overtaken: the first client is paused when it has looked for the last time whether
// its lease stands, and is about to write. Its lease is broken, and somebody else
// reads and writes.
func overtaken(s *scene) {
	h, _ := s.first.acquire("", theEndpoint, time.Minute, 0)
	reads, _ := s.first.readAll(h)
	s.first.stumble = func(context.Context) {
		s.operator.breakLeases(s.first.name())
		other, _ := s.second.acquire("", theEndpoint, time.Minute, 0)
		s.second.changeUnder(other, s)
	}
	s.first.write(h, s.change(reads))
}

// fallenBehind: the first attempt at the first client's enqueue is still on its way
// when the client holds the lease by the second one, and has read. It goes by what it
// is told last of its token: by the answer to a renewal.
func fallenBehind(s *scene) {
	var late faults.Late
	s.first = s.client(1, 0, faults.Inject(faults.Nth("UpdateItem", 1, late.Held())))
	h, _ := s.first.acquire("", theEndpoint, time.Minute, time.Second)
	reads, _ := s.first.readAll(h)
	other, _ := s.second.enqueue("", theEndpoint, time.Minute, time.Millisecond)
	require.False(s.t, other.Granted, "the first one holds it")
	late.Release()
	s.second.await(&other, 0)
	overtaken := other.Granted
	if overtaken {
		s.second.changeUnder(other, s)
	}
	s.first.renew(&h, time.Minute)
	s.first.write(h, s.change(reads))
	s.first.release(h)
	if !overtaken {
		s.second.await(&other, 20*time.Second)
		s.second.changeUnder(other, s)
	}
}

// renewedInTime: the second client, whose clock is ahead, sees that the first one's
// lease has expired; but it is renewed before the eviction comes. Behind the endpoint
// fencing makes up for whoever is evicted, as it does where an operator breaks a
// lease. So what is changed here is somebody else's, who asks for no token; the first
// client changes it while it was told that its lease lasts.
func renewedInTime(s *scene) {
	h, _ := s.first.acquire("", theEndpoint, 5*time.Second, 0)
	renewed := false
	s.second = s.client(2, 10*time.Second, faults.Inject(func(a faults.Attempt) faults.Fault {
		if evictions(a.Input) && !renewed {
			renewed = s.first.renew(&h, time.Minute)
		}
		return faults.None
	}))
	outside := map[int64]string{1: locks.InitialState}
	changeOutside := func(c *client, reads map[int64]string) {
		done := s.change(reads)
		outside = done.writes
		s.add(c.id, s.now(), done, acknowledged)
	}
	reads := outside
	changeInTurn := func() {
		if other, granted := s.second.acquire("", theEndpoint, time.Minute, 0); granted {
			changeOutside(s.second, outside)
			s.second.release(other)
		}
	}
	changeInTurn()
	require.True(s.t, renewed, "the first client has a minute left")
	changeOutside(s.first, reads)
	s.first.release(h)
	changeInTurn()
}

// TestMissingConditionsAreCaught plays each history with the right build, and with one
// that is broken.
func TestMissingConditionsAreCaught(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		leftOut func(any) bool
		play    func(*scene)
	}{
		"no token check on writes": {tokenChecks, overtaken},
		"no condition on enqueue":  {enqueues, fallenBehind},
		"unconditional eviction":   {evictions, renewedInTime},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			right := newScene(t, nothing)
			c.play(right)
			require.Positive(t, right.count[update])
			requireHolds(t, &right.history)
			broken := newScene(t, c.leftOut)
			c.play(broken)
			result, _ := verdict(&broken.history)
			require.Equal(t, porcupine.Illegal, result, "%v", broken.steps)
		})
	}
}
