package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// noInteger are values that are no integers, whatever the range.
var noInteger = []string{`null`, `"100"`, `100.0`, `1e2`, `1E2`, `true`, `false`, `[]`, `[100]`, `{}`, `1e30`, `99999999999999999999`, `-99999999999999999999`, `0.5`, `""`}

// rule is what the contract says of a field of an operation: what goes with it, and
// the values out of its range and at its ends.
type rule struct {
	operation, field, with string
	outside, ends          []string
	isMissing              string // what a missing one is told; empty: it has a default
}

var rules = []rule{
	{"pi", "simulations", ``, []string{`99`, `100000001`, `0`, `-100`, `-0`}, []string{`100`, `1000000`}, "missing field simulations"},
	{"pi", "concurrency", `"simulations":100`, []string{`0`, `9`, `-1`}, []string{`1`, `8`}, ""},
	{"pi", "seed", `"simulations":100`, []string{`-1`, `9007199254740992`}, []string{`0`, `9007199254740991`}, ""},
	{"start-run", "simulations", ``, []string{`99`, `1000000000000001`, `0`}, []string{`100`, `1000000000000000`}, "missing field simulations"},
	{"start-run", "shards", `"simulations":20000`, []string{`0`, `10001`, `-1`}, []string{`1`, `10000`}, ""},
	{"start-run", "seed", `"simulations":100`, []string{`-1`, `9007199254740992`}, []string{`0`, `9007199254740991`}, ""},
	{"quote", "concurrency", `"protocol":"tcp"`, []string{`0`, `9`}, nil, ""},
}

var fields = map[string]test{
	"each field's rule": func(t *testing.T, p *place) {
		p.Runner = nowhere{}
		for _, r := range rules {
			with := r.with
			if with != "" {
				with += ","
			}
			for _, value := range append(r.outside, noInteger...) {
				got := post(t, p, r.operation, user(with+`"`+r.field+`":`+value))
				require.Equal(t, 400, got.Status, "%s: %s=%s: %s", r.operation, r.field, value, got.Body)
				requireError(t, 400, "invalid field "+r.field, got)
			}
			for _, value := range r.ends {
				got := post(t, p, r.operation, user(with+`"`+r.field+`":`+value))
				require.Less(t, got.Status, 300, "%s: %s=%s: %s", r.operation, r.field, value, got.Body)
			}
			if r.isMissing != "" {
				requireError(t, 400, r.isMissing, post(t, p, r.operation, user(r.with)))
			}
		}
	},
	"in the contract's order": func(t *testing.T, p *place) {
		for _, c := range []struct{ operation, fields, first string }{
			{"pi", `"seed":-1,"concurrency":0`, "missing field simulations"},
			{"pi", `"seed":-1,"concurrency":0,"simulations":1`, "invalid field simulations"},
			{"pi", `"seed":-1,"concurrency":0,"simulations":100`, "invalid field concurrency"},
			{"pi", `"seed":-1,"simulations":100`, "invalid field seed"},
			{"start-run", `"seed":-1,"shards":0,"simulations":1`, "invalid field simulations"},
			{"start-run", `"seed":-1,"shards":0,"simulations":100`, "invalid field shards"},
			{"start-run", `"seed":-1,"simulations":100`, "invalid field seed"},
			{"quote", `"concurrency":0`, "missing field protocol"},
			{"quote", `"concurrency":0,"protocol":"http"`, "invalid field protocol"},
			{"quote", `"concurrency":0,"protocol":"tcp"`, "invalid field concurrency"},
		} {
			requireError(t, 400, c.first, post(t, p, c.operation, user(c.fields)))
		}
	},
	"the quotes' protocol": func(t *testing.T, p *place) {
		for _, value := range []string{`null`, `"TCP"`, `"udp "`, `""`, `1`, `["tcp"]`, `true`} {
			requireError(t, 400, "invalid field protocol", post(t, p, "quote", user(`"protocol":`+value)))
		}
	},
	"shards no more than simulations, and none too large": func(t *testing.T, p *place) {
		p.Runner = nowhere{}
		for _, c := range []struct {
			fields string
			ok     bool
		}{
			{`"simulations":100,"shards":100`, true}, {`"simulations":100,"shards":101`, false},
			{`"simulations":1000000000000000,"shards":10000`, true}, {`"simulations":1000000000000000,"shards":9999`, false},
			{`"simulations":100000000000,"shards":1`, true}, {`"simulations":100000000001,"shards":1`, false},
		} {
			got := post(t, p, "start-run", user(c.fields))
			if c.ok {
				require.Equal(t, 202, got.Status, "%s: %s", c.fields, got.Body)
			} else {
				requireError(t, 400, "invalid field shards", got)
			}
		}
	},
}
