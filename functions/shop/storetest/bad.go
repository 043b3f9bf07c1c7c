package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// noObjects are bodies that are not one JSON object.
var noObjects = map[string]string{
	"nothing": "", "blanks": " \n", "null": "null", "an array": "[]", "an array of one": "[{}]", "a string": `"{}"`, "a number": "1", "true": "true",
	"half": `{"id":`, "two": "{}{}", "trailing garbage": "{} x", "a byte-order mark": "\ufeff{}", "no UTF-8": "{\"id\":\"\xff\"}", "half a surrogate": `{"id":"\ud800"}`,
	"a name twice": `{"id":"a","id":"b"}`, "a name twice inside": `{"order_details":[{"price":1,"price":2}]}`, "a name twice in what nobody asked for": `{"x":{"a":1,"a":2}}`,
	"2,000 brackets": strings.Repeat("[", 2000), "2,000 nested arrays": strings.Repeat("[", 2000) + strings.Repeat("]", 2000),
	"20,000 nested arrays inside": `{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}",
	"a single quote":              `{'id':1}`, "a comma too many": `{"id":"a",}`, "a comment": `{/**/}`, "NUL": "\x00", "1 MB of brackets": strings.Repeat("[", 1<<20),
}

// badProducts are products with a field that is wrong: its name, and what it is instead.
var badProducts = map[string][]string{
	"id":                 {"", "null", `""`, `"a/b"`, `"/"`, `"."`, `".."`, "1", "true", "[]", "{}", `"` + strings.Repeat("x", 201) + `"`, `"` + strings.Repeat("é", 101) + `"`},
	"title":              {"", "null", `""`, "1", "[]", `"` + strings.Repeat("x", 1001) + `"`},
	"passenger_capacity": badIntegers, "maximum_speed": badIntegers, "in_stock": badIntegers,
}

var badIntegers = []string{"", "null", `"10"`, "10.5", "10.0", "1e1", "1E1", "-1", "9007199254740992", "9223372036854775808", "1e30", "true", "[]", `{"n":1}`, `""`, `"NaN"`}

// badLines are orders of one line with a field that is wrong.
var badLines = map[string][]string{
	"product_id": {"", "null", `""`, `"a/b"`, `"."`, "1", "[]", `"` + strings.Repeat("x", 201) + `"`},
	"quantity":   {"", "null", "0", "-3", "1099511627776", "1000000001", "1.0", "1.5", "1e0", `"1"`, "true", "[]", `"NaN"`, "99999999999999999999"},
	"price": {
		"", "null", "true", "[]", "{}", `""`, `"NaN"`, `"Infinity"`, `"-Infinity"`, `"inf"`, `"+1"`, `" 1"`, `"1 "`, `"1,5"`, `"1_0"`, `"0x10"`, `".5"`, `"5."`, `"01"`, `"-"`, `"1e"`, `"1e+"`, `"1.2.3"`,
		`"١"`, "-1", `"-0.001"`, "-1e-300", "10000000000000000", `"10000000000000000"`, "1e16", "1e999999999999999999999", `"1e400"`,
	},
}

func with(fields map[string]string) string {
	var parts []string
	for name, value := range fields {
		if value != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

var bad = map[string]test{
	"400, a body that is not one JSON object": func(t *testing.T, s *process) {
		for what, body := range noObjects {
			for _, operation := range []string{"create-product", "create-order"} {
				got := ask(t, s, operation, request{body: body})
				require.Equal(t, 400, got.Status, "%s: %.200s", what, got.Body)
				requireError(t, 400, "BAD_REQUEST", "body", got)
			}
		}
	},
	"400, a product's field, and nothing happens": func(t *testing.T, s *process) {
		for field, values := range badProducts {
			for _, value := range values {
				fields := map[string]string{"id": `"a"`, "title": `"b"`, "passenger_capacity": "1", "maximum_speed": "1", "in_stock": "1"}
				fields[field] = value
				got := ask(t, s, "create-product", request{body: with(fields)})
				require.Equal(t, 400, got.Status, "%s: %.50s", field, value)
				requireError(t, 400, "VALIDATION_ERROR", field, got)
			}
		}
		requireAnswer(t, 200, `[]`, ask(t, s, "products", request{}))
	},
	"400, a line's field, and nothing happens": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 10)
		const good = `{"product_id":"tux","price":1,"quantity":1}`
		for field, values := range badLines {
			for _, value := range values {
				fields := map[string]string{"product_id": `"tux"`, "price": "1", "quantity": "1"}
				fields[field] = value
				got := ask(t, s, "create-order", request{body: `{"order_details":[` + good + "," + with(fields) + "]}"})
				require.Equal(t, 400, got.Status, "%s: %.50s", field, value)
				requireError(t, 400, "VALIDATION_ERROR", "order_details[1]."+field+" ", got)
			}
		}
		for _, line := range []string{"null", "[]", "1", `"tux"`} {
			requireError(t, 400, "VALIDATION_ERROR", "order_details[1] ", ask(t, s, "create-order", request{body: `{"order_details":[` + good + "," + line + "]}"}))
		}
		requireStock(t, 10, s, "tux")
		requireAnswer(t, 200, `[]`, ask(t, s, "orders", request{}))
	},
	"400, an order's lines": func(t *testing.T, s *process) {
		const line = `{"product_id":"tux","price":1,"quantity":1}`
		distinct := make([]string, 99)
		for i := range distinct {
			distinct[i] = fmt.Sprint(i)
		}
		for what, body := range map[string]string{
			"missing": "{}", "in capitals": `{"Order_details":[]}`, "null": `{"order_details":null}`, "an object": `{"order_details":{}}`, "a string": `{"order_details":"[]"}`, "none": `{"order_details":[]}`,
			"501":          `{"order_details":[` + strings.Repeat(line+",", 500) + line + `]}`,
			"99 products":  orderOf(distinct...).body,
			"nested 2,000": `{"order_details":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "}",
		} {
			got := ask(t, s, "create-order", request{body: body})
			require.Equal(t, 400, got.Status, what)
			requireError(t, 400, "VALIDATION_ERROR", "order_details", got)
		}
	},
	"413 above 1 MB, not at it": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 1)
		for name, body := range map[string]string{"create-product": odyssey, "create-order": orderOf("tux").body} {
			requireError(t, 413, "PAYLOAD_TOO_LARGE", "1048576", ask(t, s, name, request{body: body + strings.Repeat(" ", 1<<20+1-len(body))}))
			require.Equal(t, 200, ask(t, s, name, request{body: body + strings.Repeat(" ", 1<<20-len(body))}).Status)
		}
	},
	"400, an idempotency key": func(t *testing.T, s *process) {
		mustPut(t, s, "tux", 1)
		r := orderOf("tux")
		for _, key := range []string{strings.Repeat("k", 256), "\xff"} {
			r.key = key
			requireError(t, 400, "VALIDATION_ERROR", "Idempotency-Key", ask(t, s, "create-order", r))
		}
		r.key = strings.Repeat("k", 255)
		mustOrder(t, s, r)
	},
	"400, a limit or a cursor": func(t *testing.T, s *process) {
		for _, list := range []string{"orders", "products"} {
			for _, limit := range []string{"0", "-1", "1001", "x", "", "1.5", "99999999999999999999"} {
				requireError(t, 400, "VALIDATION_ERROR", "limit", ask(t, s, list, request{query: map[string]string{"limit": limit}}))
			}
			for _, cursor := range []string{"!", "VHV4=", "VHV5x", strings.Repeat("QQ", 300), "Lg" /* . */, "YS9i" /* a/b */} {
				requireError(t, 400, "VALIDATION_ERROR", "cursor", ask(t, s, list, request{query: map[string]string{"cursor": cursor}}))
			}
		}
		for _, cursor := range []string{"MA" /* 0 */, "LTE" /* -1 */, "MDE" /* 01 */, "eA" /* x */, "OTAwNzE5OTI1NDc0MDk5Mg" /* 2^53 */} {
			requireError(t, 400, "VALIDATION_ERROR", "cursor", ask(t, s, "orders", request{query: map[string]string{"cursor": cursor}}))
		}
	},
}
