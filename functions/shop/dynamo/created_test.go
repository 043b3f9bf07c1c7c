package dynamo_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"lockstep/functions/shop"
	"lockstep/functions/shop/dynamo"
	"lockstep/shared/operation"
)

// bus takes what it is not told to refuse, and remembers.
type bus struct {
	refuse    func(order int64, attempt int) bool
	down      bool
	attempts  map[int64]int
	published []int64
	sizes     []int
}

func (b *bus) Publish(_ context.Context, created []shop.OrderCreated) (map[int]error, error) {
	b.sizes = append(b.sizes, len(created))
	if b.down {
		return nil, errors.New("no bus")
	}
	failed := map[int]error{}
	for i, c := range created {
		b.attempts[c.Order.ID]++
		if b.refuse != nil && b.refuse(c.Order.ID, b.attempts[c.Order.ID]) {
			failed[i] = errors.New("throttled")
			continue
		}
		b.published = append(b.published, c.Order.ID)
	}
	return failed, nil
}

// record is a record of the table's stream, as AWS writes it.
func record(n int64) string { return recordOf(n, "INSERT", imageOf(n)) }

func imageOf(n int64) string {
	return fmt.Sprintf(`"lines":{"B":"%s"},"token":{"S":"t"},`, base64.StdEncoding.EncodeToString(shop.EncodeLines(lines(n))))
}

func recordOf(n int64, kind, image string) string {
	return fmt.Sprintf(`{"eventName":%q,"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"s%d","Keys":{"shard":{"S":"shop/1"},"id":{"N":"%d"}},
		"NewImage":{%s"shard":{"S":"shop/1"},"id":{"N":"%d"}},"StreamViewType":"NEW_IMAGE"}}`, kind, n, n, image, n)
}

// publish runs order-created on a batch, and returns which records failed.
func publish(t *testing.T, b *bus, records ...string) (failed []string) {
	t.Helper()
	b.attempts = map[int64]int{}
	var task operation.Operation
	for _, o := range dynamo.Operations(&shop.Service{}, b) {
		if o.Name == "order-created" {
			task = o
		}
	}
	result, err := task.Run(t.Context(), []byte(`{"Records":[`+strings.Join(records, ",")+`]}`))
	require.NoError(t, err)
	var answer struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	require.NoError(t, json.Unmarshal(result, &answer))
	require.NotNil(t, answer.BatchItemFailures)
	for _, f := range answer.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed
}

func records(n int) (all []string) {
	for i := range int64(n) {
		all = append(all, record(i+1))
	}
	return all
}

func TestOrderCreated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"an event for each order, ten at a time, in order": func(t *testing.T) {
			b := &bus{}
			require.Empty(t, publish(t, b, records(25)...))
			require.Equal(t, []int{10, 10, 5}, b.sizes)
			require.Len(t, b.published, 25)
			require.IsIncreasing(t, b.published)
		},
		"none for what is no order": func(t *testing.T) {
			b := &bus{}
			require.Empty(t, publish(t, b, recordOf(1, "INSERT", `"forgone":{"BOOL":true},`), record(2), recordOf(3, "REMOVE", ""), recordOf(4, "MODIFY", imageOf(4))))
			require.Equal(t, []int64{2}, b.published)
		},
		"nothing": func(t *testing.T) {
			b := &bus{}
			require.Empty(t, publish(t, b))
			require.Empty(t, b.sizes)
		},
		"what is not taken is tried again, without the others": func(t *testing.T) {
			b := &bus{refuse: func(order int64, attempt int) bool { return order%4 == 0 && attempt < 3 }}
			require.Empty(t, publish(t, b, records(12)...))
			require.Equal(t, []int{10, 2, 2, 2, 1, 1}, b.sizes)
			require.ElementsMatch(t, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, b.published)
		},
		"what is never taken fails by itself, and nothing after its ten is begun": func(t *testing.T) {
			b := &bus{refuse: func(order int64, _ int) bool { return order == 13 }}
			require.Equal(t, []string{"s13"}, publish(t, b, records(40)...))
			require.Len(t, b.published, 19)
			require.NotContains(t, b.published, int64(21))
		},
		"a bus that is down loses nothing": func(t *testing.T) {
			b := &bus{down: true}
			require.Equal(t, []string{"s1", "s2", "s3"}, publish(t, b, records(3)...))
			require.Len(t, b.sizes, 3)
		},
		"a record that nobody can read fails, those before it are published": func(t *testing.T) {
			for _, image := range []string{`"lines":{"B":"AAAA"},`, `"lines":{"S":"x"},`} {
				b := &bus{}
				require.Equal(t, []string{"s3"}, publish(t, b, record(1), record(2), recordOf(3, "INSERT", image), record(4)))
				require.Equal(t, []int64{1, 2}, b.published)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, test)
		})
	}
}
