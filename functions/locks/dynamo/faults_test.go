package dynamo_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"lockstep/functions/locks"
	"lockstep/functions/locks/dynamo"
	"lockstep/functions/locks/storetest"
	"lockstep/shared/failure"
	"lockstep/shared/need"
)

// link carries the n-th UpdateItem, counted from 1: it sends it, and hands back what
// it likes for an answer.
type link func(n int64, send func() (*http.Response, error)) (*http.Response, error)

// network is an HTTP client that sends every UpdateItem over the link.
type network struct {
	link    link
	updates atomic.Int64
}

func (n *network) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	send := func() (*http.Response, error) { // also later, when the SDK has forgotten it
		again := request.Clone(context.WithoutCancel(request.Context()))
		again.Body = io.NopCloser(bytes.NewReader(body))
		return http.DefaultClient.Do(again)
	}
	if !strings.HasSuffix(request.Header.Get("X-Amz-Target"), ".UpdateItem") {
		return send()
	}
	return n.link(n.updates.Add(1), send)
}

// loss is a way in which an answer gets lost, after the request had its effect.
type loss func(*http.Response) (*http.Response, error)

var losses = map[string]loss{
	"the whole answer": func(r *http.Response) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		return nil, errors.New("the network lost the answer")
	},
	"the end of the answer": func(r *http.Response) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)-1]), iotest.ErrReader(io.ErrUnexpectedEOF)))
		return r, nil
	},
}

// losing is a link that loses the answers that which picks.
func losing(way loss, which func(n int64) bool) link {
	return func(n int64, send func() (*http.Response, error)) (*http.Response, error) {
		r, err := send()
		if err != nil || !which(n) {
			return r, err
		}
		return way(r)
	}
}

func losingFirst(way loss) link { return losing(way, func(n int64) bool { return n == 1 }) }

// losingOdd makes every write two attempts: the answer of the second arrives.
func losingOdd(way loss) link { return losing(way, func(n int64) bool { return n%2 == 1 }) }

// open returns an empty store.
func open(t *testing.T) *dynamo.Store {
	t.Helper()
	return &dynamo.Store{Client: need.DynamoDB(t), Namespaces: "Namespaces", Endpoints: "Endpoints", EventsTable: "Events", Namespace: rand.Text()}
}

// over returns the same store as seen over the link.
func over(s *dynamo.Store, l link) *dynamo.Store {
	options := s.Client.Options()
	options.HTTPClient = &network{link: l}
	seen := *s
	seen.Client = dynamodb.New(options)
	return &seen
}

// eachLoss runs the test once for each way of losing an answer, on a store with a
// free endpoint "a".
func eachLoss(t *testing.T, test func(*testing.T, *dynamo.Store, loss)) {
	t.Helper()
	for name, way := range losses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			require.NoError(t, s.PutEndpoint(t.Context(), "a", nil))
			test(t, s, way)
		})
	}
}

// requireLocked asks the registry, which shows an operator's hold as a lock too.
func requireLocked(t *testing.T, want bool, s *dynamo.Store, name string) {
	t.Helper()
	registry, err := s.Registry(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, registry[name].Locked)
}

func TestLockWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, s *dynamo.Store, way loss) {
		ctx := t.Context()
		require.NoError(t, over(s, losingFirst(way)).Lock(ctx, "a"), "it took the lock, and must say so")
		requireLocked(t, true, s, "a")
		require.ErrorIs(t, s.Lock(ctx, "a"), locks.ErrAlreadyLocked)
		require.NoError(t, s.Unlock(ctx, "a"))
		require.ErrorIs(t, s.Unlock(ctx, "a"), locks.ErrAlreadyUnlocked, "it was locked once")
	})
}

func TestLockWhoseRefusalWasLost(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, s *dynamo.Store, way loss) {
		require.NoError(t, s.Lock(t.Context(), "a"))
		require.ErrorIs(t, over(s, losingFirst(way)).Lock(t.Context(), "a"), locks.ErrAlreadyLocked, "it is somebody else's lock")
		requireLocked(t, true, s, "a")
	})
}

func TestUnlockWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, s *dynamo.Store, way loss) {
		require.NoError(t, s.Lock(t.Context(), "a"))
		require.NoError(t, over(s, losingFirst(way)).Unlock(t.Context(), "a"), "it freed the lock, and must say so")
		require.ErrorIs(t, s.Unlock(t.Context(), "a"), locks.ErrAlreadyUnlocked)
	})
}

func TestUnlockWhoseRefusalWasLost(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, s *dynamo.Store, way loss) {
		require.NoError(t, s.Lock(t.Context(), "a"))
		overtaken := losingFirst(way)
		late := over(s, func(n int64, send func() (*http.Response, error)) (*http.Response, error) {
			if n == 1 {
				require.NoError(t, s.Unlock(t.Context(), "a"))
			}
			return overtaken(n, send)
		})
		require.ErrorIs(t, late.Unlock(t.Context(), "a"), locks.ErrAlreadyUnlocked, "it was somebody else who freed it")
	})
}

func TestUnlockWhoseAnswerWasLostLeavesTheNextLockAlone(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, s *dynamo.Store, way loss) {
		require.NoError(t, s.Lock(t.Context(), "a"))
		meanwhile := func(r *http.Response) (*http.Response, error) {
			require.NoError(t, s.Lock(t.Context(), "a"), "it is free, so anybody may take it")
			return way(r)
		}
		require.NoError(t, over(s, losingFirst(meanwhile)).Unlock(t.Context(), "a"))
		requireLocked(t, true, s, "a")
	})
}

func TestOperatorsWithLostAnswersLeaveNothingLocked(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, s *dynamo.Store, way loss) {
		ctx, operator := t.Context(), over(s, losingOdd(way))
		require.NoError(t, operator.PutEndpoint(ctx, "b", []int64{1}))
		requireLocked(t, false, s, "b")
		require.NoError(t, operator.PutEndpoint(ctx, "b", []int64{2}))
		requireLocked(t, false, s, "b")
		require.NoError(t, operator.DeleteEndpoint(ctx, "b"))
		require.ErrorIs(t, operator.DeleteEndpoint(ctx, "b"), locks.ErrEndpointNotFound)
		require.NoError(t, s.PutEndpoint(ctx, "b", nil), "nothing is left that holds it")
		require.NoError(t, s.Lock(ctx, "b"))
		require.ErrorIs(t, operator.PutEndpoint(ctx, "b", []int64{3}), locks.ErrAlreadyLocked)
		require.ErrorIs(t, operator.DeleteEndpoint(ctx, "b"), locks.ErrAlreadyLocked)
		requireLocked(t, true, s, "b")
	})
}

// hold makes an operator hold "a" until then: one who died, or is still at work.
func hold(t *testing.T, s *dynamo.Store, until time.Time) {
	t.Helper()
	entry, err := attributevalue.Marshal(map[string]any{"a": rand.Text(), "x": until.UnixMilli()})
	require.NoError(t, err)
	_, err = s.Client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName:                 &s.Namespaces,
		Key:                       map[string]types.AttributeValue{"namespace": &types.AttributeValueMemberS{Value: s.Namespace}},
		UpdateExpression:          aws.String("SET #e = :e"),
		ExpressionAttributeNames:  map[string]string{"#e": "e/a"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":e": entry},
	})
	require.NoError(t, err)
}

func TestAnOperatorWhoDiedBlocksNobodyForLong(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, s *dynamo.Store, way loss) {
		ctx, past := t.Context(), time.Now().Add(-time.Second)
		for _, caller := range []*dynamo.Store{s, over(s, losingOdd(way))} {
			require.NoError(t, caller.PutEndpoint(ctx, "a", nil))
			hold(t, s, past)
			requireLocked(t, false, s, "a")
			require.ErrorIs(t, caller.Unlock(ctx, "a"), locks.ErrAlreadyUnlocked)
			require.NoError(t, caller.Lock(ctx, "a"))
			requireLocked(t, true, s, "a")
			require.NoError(t, caller.Unlock(ctx, "a"))
			hold(t, s, past)
			require.NoError(t, caller.PutEndpoint(ctx, "a", []int64{1}))
			hold(t, s, past)
			require.NoError(t, caller.DeleteEndpoint(ctx, "a"))
		}
	})
}

func TestAnOperatorAtWorkIsLeftAlone(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), open(t)
	require.NoError(t, s.PutEndpoint(ctx, "a", nil))
	hold(t, s, time.Now().Add(time.Hour))
	requireLocked(t, true, s, "a") // as POST lock would be refused
	require.ErrorIs(t, s.Lock(ctx, "a"), locks.ErrAlreadyLocked)
	require.ErrorIs(t, s.PutEndpoint(ctx, "a", nil), locks.ErrAlreadyLocked)
	require.ErrorIs(t, s.DeleteEndpoint(ctx, "a"), locks.ErrAlreadyLocked)
	// Were it freed, a lock could be taken on an endpoint that is about to be deleted.
	require.ErrorIs(t, s.Unlock(ctx, "a"), locks.ErrAlreadyUnlocked)
	requireLocked(t, true, s, "a")
}

func TestNamesThatDynamoDBCanNotHoldAreNotFound(t *testing.T) {
	t.Parallel()
	for name, endpoint := range map[string]string{
		"none": "", "too long for a key": strings.Repeat("x", 1025), "no UTF-8": "\xff",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, s := t.Context(), open(t)
			require.NoError(t, s.PutEndpoint(ctx, "�", nil)) // what the SDK makes of the last
			_, err := s.Endpoint(ctx, endpoint)
			require.ErrorIs(t, err, locks.ErrEndpointNotFound)
			require.ErrorIs(t, s.Lock(ctx, endpoint), locks.ErrEndpointNotFound)
			require.ErrorIs(t, s.Unlock(ctx, endpoint), locks.ErrEndpointNotFound)
			require.ErrorIs(t, s.DeleteEndpoint(ctx, endpoint), locks.ErrEndpointNotFound)
			requireLocked(t, false, s, "�")
		})
	}
}

func TestStoreOverANetworkThatLosesEveryThirdAnswer(t *testing.T) {
	t.Parallel()
	for name, way := range losses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) locks.Store {
				return over(open(t), losing(way, func(n int64) bool { return n%3 == 0 }))
			})
		})
	}
}

// Every answer is lost: what was done is unknown, and the caller must be told so,
// not that nothing was done. A 500 would let it try again, and free a lock that
// somebody else has taken since.
func TestNoAnswerAtAllIsNotTakenForNothingDone(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, s *dynamo.Store, way loss) {
		silent := over(s, losing(way, func(int64) bool { return true }))
		err := silent.Lock(t.Context(), "a")
		require.Equal(t, failure.Upstream, failure.Of(err).Code, "%v", err)
		requireLocked(t, true, s, "a")
		err = silent.Unlock(t.Context(), "a")
		require.True(t, err == nil || failure.Of(err).Code == failure.Upstream, "%v", err)
		requireLocked(t, false, s, "a")
	})
}

// An operator's hold is no caller's lock: nobody may read under it.
func TestAnOperatorsHoldIsNoLockToReadUnder(t *testing.T) {
	t.Parallel()
	s := open(t)
	require.NoError(t, s.PutEndpoint(t.Context(), "a", []int64{1}))
	stuck := over(s, func(n int64, send func() (*http.Response, error)) (*http.Response, error) {
		if n == 2 { // the hold is taken; it is never given back
			return nil, errors.New("the process died")
		}
		return send()
	})
	ctx, die := context.WithTimeout(t.Context(), time.Second)
	defer die()
	_ = stuck.PutEndpoint(ctx, "a", []int64{1, 2})
	e, err := s.Endpoint(t.Context(), "a")
	require.NoError(t, err)
	require.False(t, e.Locked)
}

// The first attempt is not lost but late: it comes when the lock that the second one
// took is free again. Nobody holds that lock any more, so nobody would free it.
func TestALateAttemptDoesNotRiseAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	require.NoError(t, s.PutEndpoint(t.Context(), "a", nil))
	var late func() (*http.Response, error)
	slow := over(s, func(n int64, send func() (*http.Response, error)) (*http.Response, error) {
		if n == 1 {
			late = send
			return nil, errors.New("connection reset")
		}
		return send()
	})
	require.NoError(t, slow.Lock(context.WithoutCancel(t.Context()), "a"))
	require.NoError(t, s.Unlock(t.Context(), "a"))
	answer, err := late()
	require.NoError(t, err)
	_ = answer.Body.Close()
	require.Equal(t, http.StatusBadRequest, answer.StatusCode, "a refused condition")
	requireLocked(t, false, s, "a")
}

// Graves are not kept for ever: an unlock clears those that are old.
func TestOldGravesAreCleared(t *testing.T) {
	t.Parallel()
	s := open(t)
	require.NoError(t, s.PutEndpoint(t.Context(), "a", nil))
	key := map[string]types.AttributeValue{"namespace": &types.AttributeValueMemberS{Value: s.Namespace}}
	_, err := s.Client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &s.Namespaces, Key: key, UpdateExpression: aws.String("SET #old = :old, #new = :new"),
		ExpressionAttributeNames: map[string]string{"#old": "x/OLD", "#new": "x/NEW"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":old": &types.AttributeValueMemberN{Value: "1"},
			":new": &types.AttributeValueMemberN{Value: "99999999999999"},
		},
	})
	require.NoError(t, err)
	require.NoError(t, s.Lock(t.Context(), "a"))
	require.NoError(t, s.Unlock(t.Context(), "a"))
	item, err := s.Client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &s.Namespaces, Key: key})
	require.NoError(t, err)
	require.NotContains(t, item.Item, "x/OLD")
	require.Contains(t, item.Item, "x/NEW")
}
