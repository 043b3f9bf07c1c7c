package e2e_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	toystorev1 "lockstep/shared/proto/toystore/v1"
	"lockstep/shared/proto/toystore/v1/toystorev1connect"
)

// is returns a check that the answer is that.
func is(want string) func(*testing.T, []byte) {
	return func(t *testing.T, body []byte) {
		t.Helper()
		require.JSONEq(t, want, string(body))
	}
}

// The toy store's contract over HTTP, case by case.
func TestToystore(t *testing.T) {
	toyStores(t, func(t *testing.T, base string) {
		name, key := "Bear "+rand.Text(), rand.Text()
		path := "/toys/Bear%20" + name[5:]
		toy := func(price, stock string) string {
			return `{"name":"` + name + `","price":"` + price + `","stock":` + stock + `}`
		}
		const json = "application/json"
		play(t, base, []step{
			{what: "nobody has it yet", method: "GET", path: path, status: 404, error: "there is no toy '" + name + "'"},
			{what: "nor sells it", method: "POST", path: path + "/buy", status: 404, error: "there is no toy '" + name + "'"},
			{what: "an operator adds it", method: "PUT", path: path, body: `{"price":"12.50","stock":4}`, status: 200, check: is(toy("12.50", "4"))},
			{what: "it is there", method: "GET", path: path, status: 200, check: is(toy("12.50", "4"))},
			{what: "one is bought", method: "POST", path: path + "/buy", status: 200, check: is(`{"result":"bought","stock":3}`)},
			{what: "two, with a key", method: "POST", path: path + "/buy", header: map[string]string{"Idempotency-Key": key}, body: `{"quantity":2}`,
				status: 200, check: is(`{"result":"bought","stock":1}`)},
			{what: "the same again", method: "POST", path: path + "/buy", header: map[string]string{"Idempotency-Key": key}, body: `{"quantity":2}`,
				status: 200, check: is(`{"result":"bought","stock":1}`)},
			{what: "another with that key", method: "POST", path: path + "/buy", header: map[string]string{"Idempotency-Key": key}, status: 422, field: "Idempotency-Key"},
			{what: "more than there are", method: "POST", path: path + "/buy", body: `{"quantity":2}`, status: 409, check: is(`{"result":"out_of_stock","stock":1}`)},
			{what: "none", method: "POST", path: path + "/buy", body: `{"quantity":0}`, status: 400, field: "quantity"},
			{what: "no price", method: "PUT", path: path, body: `{"stock":1}`, status: 400, field: "price"},
			{what: "a page too long", method: "GET", path: "/toys?limit=1001", status: 400, field: "limit"},
			{what: "RPC in JSON", method: "POST", path: "/toystore.v1.ToyStore/Query", header: map[string]string{"Content-Type": json}, body: `{"name":"` + name + `"}`,
				status: 200, check: is(`{"name":"` + name + `","priceCents":"1250","stock":"1"}`)},
			{what: "buying so", method: "POST", path: "/toystore.v1.ToyStore/Buy", header: map[string]string{"Content-Type": json}, body: `{"name":"` + name + `"}`,
				status: 200, check: is(`{"result":"RESULT_BOUGHT"}`)},
			{what: "until there is none", method: "POST", path: "/toystore.v1.ToyStore/Buy", header: map[string]string{"Content-Type": json}, body: `{"name":"` + name + `"}`,
				status: 200, check: is(`{"result":"RESULT_OUT_OF_STOCK"}`)},
			{what: "a toy of nobody", method: "POST", path: "/toystore.v1.ToyStore/Query", header: map[string]string{"Content-Type": json}, body: `{"name":"Yeti"}`,
				status: 404, check: is(`{"code":"not_found","message":"there is no toy 'Yeti'"}`)},
			{what: "health", method: "GET", path: "/health", status: 200},
		})
	})
}

// The list has every toy once, whatever the page's size.
func TestToystoreList(t *testing.T) {
	toyStores(t, func(t *testing.T, base string) {
		var all []string
		for cursor := ""; ; {
			got := call(t, base, step{method: "GET", path: "/toys?limit=3" + cursor})
			require.Equal(t, http.StatusOK, got.status, "%s", got.body)
			var page struct {
				Toys   []struct{ Name string }
				Cursor string
			}
			require.NoError(t, json.Unmarshal(got.body, &page))
			for _, toy := range page.Toys {
				all = append(all, toy.Name)
			}
			if page.Cursor == "" {
				break
			}
			cursor = "&cursor=" + page.Cursor
		}
		for _, name := range []string{"Tux", "Whale", "Fox", "Python", "Dolphin", "Elephant"} {
			require.Contains(t, all, name)
		}
		require.IsIncreasing(t, all)
	})
}

// Connect's binary form passes through as it is, whatever stands in between.
func TestToystoreOverConnect(t *testing.T) {
	toyStores(t, func(t *testing.T, base string) {
		name := "Boa " + rand.Text()
		play(t, base, []step{{what: "an operator adds it", method: "PUT", path: "/toys/Boa%20" + name[4:], body: `{"price":"2.55","stock":255}`, status: 200}})
		for form, option := range map[string]connect.ClientOption{"binary": connect.WithClientOptions(), "JSON": connect.WithProtoJSON()} {
			c := toystorev1connect.NewToyStoreClient(&http.Client{Transport: client()}, base, option, connect.WithInterceptors(connect.UnaryInterceptorFunc(accepting)))
			toy, err := c.Query(t.Context(), &toystorev1.QueryRequest{Name: name})
			require.NoError(t, err, form)
			require.Equal(t, int64(255), toy.GetPriceCents(), form)
			sale, err := c.Buy(t.Context(), &toystorev1.BuyRequest{Name: name, IdempotencyKey: name})
			require.NoError(t, err, form)
			require.Equal(t, toystorev1.Result_RESULT_BOUGHT, sale.GetResult(), form)
			require.Equal(t, int64(254), sale.GetStock(), form)
			_, err = c.Query(t.Context(), &toystorev1.QueryRequest{Name: "Yeti"})
			require.Equal(t, connect.CodeNotFound, connect.CodeOf(err), form)
		}
	})
}

// accepting says which form it takes: without that LocalStack, unlike AWS, hands binary
// answers over in base64.
func accepting(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		r.Header().Set("Accept", "application/proto")
		return next(ctx, r)
	}
}
