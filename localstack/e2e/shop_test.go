package e2e_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// coded returns a check that the answer is an error of that name.
func coded(name string) func(*testing.T, []byte) {
	return func(t *testing.T, body []byte) {
		t.Helper()
		var said struct{ Error, Message string }
		require.NoError(t, json.Unmarshal(body, &said))
		require.Equal(t, name, said.Error, "%s", body)
		require.NotEmpty(t, said.Message)
	}
}

// ask makes a request and holds its answer against a status and a check.
func ask(t *testing.T, base string, s step) reply {
	t.Helper()
	got := call(t, base, s)
	require.Equal(t, s.status, got.status, "%s: %s %s: %s", s.what, s.method, s.path, got.body)
	if s.check != nil {
		s.check(t, got.body)
	}
	return got
}

func mustOrder(t *testing.T, base, product string, quantity int) (id int64) {
	t.Helper()
	ask(t, base, step{what: "an order", method: "POST", path: "/orders", body: fmt.Sprintf(`{"order_details":[{"product_id":"%s","price":"1.005","quantity":%d}]}`, product, quantity),
		status: 200, check: func(t *testing.T, body []byte) {
			t.Helper()
			var answer struct{ ID int64 }
			require.NoError(t, json.Unmarshal(body, &answer))
			id = answer.ID
		}})
	return id
}

// The shop's contract over HTTP.
func TestShop(t *testing.T) {
	shops(t, func(t *testing.T, base, _ string) {
		product := "heron " + rand.Text()
		path := "/products/" + strings.ReplaceAll(product, " ", "%20")
		of := func(stock int) string {
			return fmt.Sprintf(`{"id":"%s","title":"Heron","passenger_capacity":4,"maximum_speed":90,"in_stock":%d}`, product, stock)
		}
		ask(t, base, step{what: "not there yet", method: "GET", path: path, status: 404, check: coded("PRODUCT_NOT_FOUND")})
		ask(t, base, step{what: "a product", method: "POST", path: "/products", body: of(10), status: 200, check: is(`{"id":"` + product + `"}`)})
		ask(t, base, step{what: "it is there", method: "GET", path: path, status: 200, check: is(of(10))})
		id := mustOrder(t, base, product, 3)
		ask(t, base, step{what: "the stock has fallen", method: "GET", path: path, status: 200, check: is(of(7))})
		order := fmt.Sprint("/orders/", id)
		line := fmt.Sprintf(`"id":1,"product_id":"%s","quantity":3,"price":"1.01"`, product)
		image := `"image":"http://www.example.com/airship/images/` + product + `.jpg"`
		ask(t, base, step{what: "the order", method: "GET", path: order, status: 200, check: is(fmt.Sprintf(`{"id":%d,"order_details":[{%s,%s,"product":%s}]}`, id, line, image, of(7)))})
		ask(t, base, step{what: "too many", method: "POST", path: "/orders", body: `{"order_details":[{"product_id":"` + product + `","price":1,"quantity":8}]}`, status: 409, check: coded("OUT_OF_STOCK")})
		ask(t, base, step{what: "of nobody", method: "POST", path: "/orders", body: `{"order_details":[{"product_id":"` + product + `x","price":1,"quantity":1}]}`, status: 404, check: coded("PRODUCT_NOT_FOUND")})
		ask(t, base, step{what: "no lines", method: "POST", path: "/orders", body: `{"order_details":[]}`, status: 400, check: coded("VALIDATION_ERROR")})
		ask(t, base, step{what: "an array", method: "POST", path: "/orders", body: `[]`, status: 400, check: coded("BAD_REQUEST")})
		ask(t, base, step{what: "no such order", method: "GET", path: "/orders/001", status: 404, check: coded("ORDER_NOT_FOUND")})
		ask(t, base, step{what: "gone", method: "DELETE", path: path, status: 204})
		ask(t, base, step{what: "gone already", method: "DELETE", path: path, status: 404, check: coded("PRODUCT_NOT_FOUND")})
		ask(t, base, step{what: "the order stays", method: "GET", path: order, status: 200, check: is(fmt.Sprintf(`{"id":%d,"order_details":[{%s,%s,"product":null}]}`, id, line, image))})
		ask(t, base, step{what: "health", method: "GET", path: "/health", status: 200})
	})
}

// Both forms of the path answer; pages follow each other by the Link header and have
// every order once, as has the export.
func TestOrdersAreListed(t *testing.T) {
	shops(t, func(t *testing.T, base, export string) {
		product := "crane " + rand.Text()
		ask(t, base, step{method: "POST", path: "/products", status: 200,
			body: `{"id":"` + product + `","title":"Crane","passenger_capacity":0,"maximum_speed":0,"in_stock":100}`})
		mine := map[int64]bool{}
		for range 7 {
			mine[mustOrder(t, base, product, 1)] = true
		}
		for _, first := range []string{"/orders?limit=3", "/orders/?limit=3"} {
			listed, last := 0, int64(0)
			for path := first; path != ""; {
				got := ask(t, base, step{method: "GET", path: path, status: 200})
				var page []struct{ ID int64 }
				require.NoError(t, json.Unmarshal(got.body, &page))
				require.LessOrEqual(t, len(page), 3)
				for _, o := range page {
					require.Greater(t, o.ID, last, "in the order of ids")
					last = o.ID
					if mine[o.ID] {
						listed++
					}
				}
				next, _, _ := strings.Cut(strings.TrimPrefix(got.header.Get("Link"), "<"), ">")
				if path = next; path != "" {
					path = strings.Split(first, "?")[0] + next
				}
			}
			require.Equal(t, len(mine), listed, first)
		}
		require.Equal(t, len(mine), exported(t, export, mine))
	})
}

// exported returns how many of the orders the export has.
func exported(t *testing.T, base string, mine map[int64]bool) (n int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/orders/export", nil)
	require.NoError(t, err)
	answer, err := (&http.Client{Transport: client()}).Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o struct{ ID int64 }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &o))
		if mine[o.ID] {
			n++
		}
	}
	require.NoError(t, lines.Err())
	return n
}

// Every order reaches the queue, although the function that publishes them crashes at
// every tenth.
func TestOrdersReachTheirConsumer(t *testing.T) {
	if *queueURL == "" {
		t.Skip("SKIPPED without -queue-url: it needs an event bus, as LocalStack has one")
	}
	shops(t, func(t *testing.T, base, _ string) {
		product := "stork " + rand.Text()
		ask(t, base, step{method: "POST", path: "/products", status: 200,
			body: `{"id":"` + product + `","title":"Stork","passenger_capacity":0,"maximum_speed":0,"in_stock":1000}`})
		missing := map[int64]bool{}
		for range 40 {
			missing[mustOrder(t, base, product, 1)] = true
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		for repeats := 0; len(missing) > 0; {
			require.NoError(t, ctx.Err(), "%d orders did not come, %d came again", len(missing), repeats)
			for _, id := range receive(ctx, t) {
				if !missing[id] {
					repeats++
				}
				delete(missing, id)
			}
		}
	})
}

// receive takes events off the queue, and returns their orders.
func receive(ctx context.Context, t *testing.T) (ids []int64) {
	t.Helper()
	queue := func(action string, body any) []byte {
		text, err := json.Marshal(body)
		require.NoError(t, err)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, *shardAt+"/", strings.NewReader(string(text)))
		require.NoError(t, err)
		r.Header.Set("X-Amz-Target", "AmazonSQS."+action)
		r.Header.Set("Content-Type", "application/x-amz-json-1.0")
		answer, err := (&http.Client{Transport: client()}).Do(r)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		got, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode, "%s", got)
		return got
	}
	var got struct {
		Messages []struct{ Body, ReceiptHandle string }
	}
	require.NoError(t, json.Unmarshal(queue("ReceiveMessage", map[string]any{"QueueUrl": *queueURL, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 2}), &got))
	for _, m := range got.Messages {
		var event struct {
			DetailType string `json:"detail-type"`
			Detail     struct{ ID int64 }
		}
		require.NoError(t, json.Unmarshal([]byte(m.Body), &event), m.Body)
		require.Equal(t, "order_created", event.DetailType)
		ids = append(ids, event.Detail.ID)
		queue("DeleteMessage", map[string]any{"QueueUrl": *queueURL, "ReceiptHandle": m.ReceiptHandle})
	}
	return ids
}
