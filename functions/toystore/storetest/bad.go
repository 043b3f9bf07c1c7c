package storetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// badNames are no names of toys.
var badNames = map[string]string{
	"empty": "", "101 bytes": strings.Repeat("x", 101), "a line break": "a\nb", "a carriage return": "a\r", "NUL": "\x00", "a line separator": "a\u2028b",
	"no UTF-8": "\xff", "a space before": " a", "a space behind": "a ",
}

// badBodies are refused with the field that is wrong.
var badBodies = map[string]map[string][2]string{
	"buy": {
		"none":           {`{"quantity":0}`, "quantity"},
		"negative":       {`{"quantity":-3}`, "quantity"},
		"too much":       {`{"quantity":1000001}`, "quantity"},
		"much too much":  {`{"quantity":1099511627776}`, "quantity"},
		"a text":         {`{"quantity":"1"}`, "quantity"},
		"a fraction":     {`{"quantity":1.5}`, "quantity"},
		"10^30":          {`{"quantity":1e30}`, "quantity"},
		"an array":       {`[1]`, "body"},
		"a number":       {`1`, "body"},
		"null":           {`null`, "body"},
		"no JSON":        {`{"quantity":`, "quantity"},
		"a name twice":   {`{"quantity":1,"quantity":2}`, "quantity"},
		"a byte-order m": {"\ufeff{}", "body"},
	},
	"put": {
		"no price":             {`{"stock":1}`, "price"},
		"no stock":             {`{"price":"1.00"}`, "stock"},
		"no body":              {``, "body"},
		"a price of nothing":   {`{"price":"0.00","stock":1}`, "price"},
		"a price below":        {`{"price":"-1.00","stock":1}`, "price"},
		"a price of no text":   {`{"price":25.99,"stock":1}`, "price"},
		"a price of one digit": {`{"price":"25.9","stock":1}`, "price"},
		"a price of three":     {`{"price":"25.999","stock":1}`, "price"},
		"a price with a comma": {`{"price":"25,99","stock":1}`, "price"},
		"a price of 10^16":     {`{"price":"10000000000000000","stock":1}`, "price"},
		"a price too high":     {`{"price":"10000000000.01","stock":1}`, "price"},
		"NaN":                  {`{"price":"NaN","stock":1}`, "price"},
		"other digits":         {`{"price":"١.٠٠","stock":1}`, "price"},
		"a stock below":        {`{"price":"1.00","stock":-1}`, "stock"},
		"a stock too high":     {`{"price":"1.00","stock":9007199254740992}`, "stock"},
		"a stock of a text":    {`{"price":"1.00","stock":"1"}`, "stock"},
	},
}

var bad = map[string]test{
	"a name": func(t *testing.T, s *shop) {
		for what, name := range badNames {
			for _, operation := range []string{"query", "buy", "put"} {
				got := ask(t, s, operation, request{name: name, body: `{"price":"1.00","stock":1}`})
				requireField(t, "name", got)
				require.NotEmpty(t, what)
			}
		}
	},
	"a body, and nothing happens": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 12)
		for operation, bodies := range badBodies {
			for what, c := range bodies {
				got := ask(t, s, operation, request{name: "Tux", body: c[0]})
				require.Equal(t, 400, got.Status, "%s %s: %s", operation, what, got.Body)
				requireField(t, c[1], got)
			}
		}
		requireAnswer(t, 200, `{"name":"Tux","price":"25.99","stock":12}`, ask(t, s, "query", request{name: "Tux"}))
	},
	"an idempotency key": func(t *testing.T, s *shop) {
		mustPut(t, s, "Tux", 2599, 12)
		for _, key := range []string{strings.Repeat("k", 256), "\xff"} {
			requireField(t, "Idempotency-Key", ask(t, s, "buy", request{name: "Tux", key: key}))
		}
		requireAnswer(t, 200, sold(11), ask(t, s, "buy", request{name: "Tux", key: strings.Repeat("k", 255)}))
	},
	"a limit or a cursor": func(t *testing.T, s *shop) {
		for _, limit := range []string{"0", "-1", "1001", "x", "", "1.5", "99999999999999999999"} {
			requireField(t, "limit", ask(t, s, "list", request{query: map[string]string{"limit": limit}}))
		}
		for _, cursor := range []string{"!", "VHV4=", "VHV5", "Cg", strings.Repeat("QQ", 200)} {
			got := ask(t, s, "list", request{query: map[string]string{"cursor": cursor}})
			if cursor == "VHV5" { // "Tuy": of no page, but as good as any
				require.Equal(t, 200, got.Status)
				continue
			}
			requireField(t, "cursor", got)
		}
	},
}
