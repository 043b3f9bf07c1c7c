package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/lease"
)

// bad is bad input: 400 with the field, and nothing is held afterwards.
var bad = map[string]test{
	"POST leases":    badAcquire,
	"other requests": badOthers,
	"above 64 KB":    badSize,
}

// badBody is a body and the field that is wrong in it.
type badBody struct{ body, field string }

// requireBad requires that the request is refused for the field's sake.
func requireBad(t *testing.T, r *registry, about, operation, field string, in request) {
	t.Helper()
	got := ask(t, r.Service, operation, in)
	require.Equal(t, 400, got.Status, "%s of %s: %s", about, operation, got.Body)
	var said map[string]any
	mustDecode(t, got, &said)
	require.Equal(t, field, said["field"], "%s of %s: %s", about, operation, got.Body)
	require.NotEmpty(t, said["error"])
	require.Len(t, said, 2)
}

func quotedNames(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf(`"%d"`, i)
	}
	return "[" + strings.Join(names, ",") + "]"
}

func badAcquire(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	with := func(endpoints, owner, ttl, wait string) string {
		return fmt.Sprintf(`{"endpoints":%s,"owner":%s,"ttl_ms":%s,"wait_ms":%s}`, endpoints, owner, ttl, wait)
	}
	const a, me, minute, now = `["a"]`, `"me"`, "60000", "0"
	for name, c := range map[string]badBody{
		"no body":                  {"", "body"},
		"null":                     {"null", "body"},
		"an array":                 {`["a"]`, "body"},
		"no JSON":                  {`{"endpoints":`, "endpoints"},
		"more than one":            {with(a, me, minute, now) + "{}", "body"},
		"no endpoints":             {`{"owner":"me","ttl_ms":60000}`, "endpoints"},
		"endpoints null":           {with("null", me, minute, now), "endpoints"},
		"endpoints empty":          {with("[]", me, minute, now), "endpoints"},
		"endpoints a string":       {with(`"a"`, me, minute, now), "endpoints"},
		"an endpoint null":         {with(`["a",null]`, me, minute, now), "endpoints[1]"},
		"an endpoint a number":     {with("[1]", me, minute, now), "endpoints[0]"},
		"an endpoint twice":        {with(`["a","a"]`, me, minute, now), "endpoints"},
		"101 endpoints":            {with(quotedNames(101), me, minute, now), "endpoints"},
		"endpoints twice":          {`{"endpoints":["a"],"endpoints":["a"],"owner":"me","ttl_ms":60000}`, "endpoints"},
		"an endpoint no UTF-8":     {with("[\"a\",\"\xff\"]", me, minute, now), "endpoints[1]"},
		"half a surrogate":         {with(`["\ud800"]`, me, minute, now), "endpoints[0]"},
		"owner a number":           {with(a, "1", minute, now), "owner"},
		"owner of 101 bytes":       {with(a, `"`+strings.Repeat("x", 101)+`"`, minute, now), "owner"},
		"owner of 51 é":            {with(a, `"`+strings.Repeat("é", 51)+`"`, minute, now), "owner"},
		"owner with a line break":  {with(a, `"a\nb"`, minute, now), "owner"},
		"owner no UTF-8":           {with(a, "\"\xff\"", minute, now), "owner"},
		"no ttl_ms":                {`{"endpoints":["a"],"owner":"me"}`, "ttl_ms"},
		"ttl_ms null":              {with(a, me, "null", now), "ttl_ms"},
		"ttl_ms a string":          {with(a, me, `"60000"`, now), "ttl_ms"},
		"ttl_ms with a fraction":   {with(a, me, "60000.0", now), "ttl_ms"},
		"ttl_ms with an exponent":  {with(a, me, "6e4", now), "ttl_ms"},
		"ttl_ms too short":         {with(a, me, "99", now), "ttl_ms"},
		"ttl_ms too long":          {with(a, me, "900001", now), "ttl_ms"},
		"ttl_ms negative":          {with(a, me, "-60000", now), "ttl_ms"},
		"ttl_ms beyond 64 bits":    {with(a, me, "9223372036854775808", now), "ttl_ms"},
		"ttl_ms, as nanoseconds 0": {with(a, me, "9223372036854775807", now), "ttl_ms"},
		"wait_ms too long":         {with(a, me, minute, "25001"), "wait_ms"},
		"wait_ms negative":         {with(a, me, minute, "-1"), "wait_ms"},
		"wait_ms true":             {with(a, me, minute, "true"), "wait_ms"},
	} {
		requireBad(t, r, name, "acquire", c.field, request{lease: lease.NewSecret(), body: c.body})
	}
	for name, secret := range badSecrets {
		requireBad(t, r, name, "acquire", "Lease", request{lease: secret, body: want("a")})
	}
	requireNobody(t, r.Service)
	requireLease(t, 201, ask(t, r.Service, "acquire", request{lease: strings.Repeat("~", 22), body: with(a, `"`+strings.Repeat("é", 50)+`"`, "900000", "25000")}))
}

// badSecrets are headers Lease that are no secret ids.
var badSecrets = map[string]string{
	"21 characters": strings.Repeat("x", 21), "201 characters": strings.Repeat("x", 201), "a space": strings.Repeat("x", 22) + " y",
	"no ASCII": strings.Repeat("é", 22), "a line break": strings.Repeat("x", 22) + "\n", "no UTF-8": strings.Repeat("\xff", 22),
}

func badOthers(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	ttl := `{"ttl_ms":60000}`
	states := `{"states":{"1":"x"}}`
	for operation, body := range map[string]string{"renew": ttl, "release": "", "write": states, "leases": ""} {
		for name, secret := range badSecrets {
			requireBad(t, r, name, operation, "Lease", request{lease: secret, token: "1", body: body})
		}
	}
	for operation, body := range map[string]string{"renew": ttl, "release": "", "write": states} {
		requireBad(t, r, "no lease", operation, "Lease", request{token: "1", body: body})
	}
	for _, body := range []string{`{}`, `{"ttl_ms":null}`, `{"ttl_ms":99}`, `{"ttl_ms":900001}`, `{"ttl_ms":"1000"}`} {
		requireBad(t, r, body, "renew", "ttl_ms", request{lease: l.Lease, body: body})
	}
	for _, c := range []struct{ field, name, value string }{
		{"wait_ms", "wait_ms", "25001"}, {"wait_ms", "wait_ms", "-1"}, {"wait_ms", "wait_ms", "x"}, {"wait_ms", "wait_ms", ""},
		{"limit", "limit", "0"}, {"limit", "limit", "1001"}, {"limit", "limit", "x"}, {"cursor", "cursor", "-1"}, {"cursor", "cursor", "x"},
	} {
		requireBad(t, r, c.name+"="+c.value, "leases", c.field, request{query: map[string]string{c.name: c.value}})
	}
	for _, token := range []string{"", "0", "x", "-1", "1.0", "9223372036854775808"} {
		requireBad(t, r, token, "write", "Fencing-Token", request{lease: l.Lease, token: token, body: states})
	}
	for _, c := range []badBody{
		{`{}`, "states"}, {`{"states":null}`, "states"}, {`{"states":{}}`, "states"}, {`{"states":[]}`, "states"}, {`{"states":{"1":1}}`, "states[1]"},
		{`{"states":{"x":"y"}}`, "states"}, {`{"states":{"-1":"y"}}`, "states"}, {`{"states":{"01":"y"}}`, "states"}, {`{"states":{"":"y"}}`, "states"},
		{`{"states":{"9007199254740992":"y"}}`, "states"}, {`{"states":{"1":"y","1":"z"}}`, "states[1]"}, {"{\"states\":{\"1\":\"\xff\"}}", "states[1]"},
		{`{"states":{"1":"` + strings.Repeat("x", 1001) + `"}}`, "states[1]"}, {manyStates(51), "states"}, {"", "body"},
	} {
		requireBad(t, r, c.body, "write", c.field, request{lease: l.Lease, token: fmt.Sprint(l.Token), body: c.body})
	}
	for _, c := range []badBody{
		{`{}`, "resources"}, {`{"resources":null}`, "resources"}, {`{"resources":[]}`, "resources"}, {`{"resources":["1"]}`, "resources[0]"},
		{`{"resources":[1,-1]}`, "resources[1]"}, {`{"resources":[9007199254740992]}`, "resources[0]"}, {`{"resources":[1,null]}`, "resources[1]"},
		{`{"resources":[1` + strings.Repeat(",1", 1000) + `]}`, "resources"}, {`{"resources":[1],"wait_ms":25001}`, "wait_ms"}, {`{"resources":[1],"wait_ms":-1}`, "wait_ms"},
	} {
		requireBad(t, r, c.body, "query", c.field, request{body: c.body})
	}
	requireState(t, r.Store, "initial", 1)
	require.Equal(t, l, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})))
	mustRelease(t, r.Service, l)
	requireNobody(t, r.Service)
}

func manyStates(n int) string {
	text := ""
	for i := range n {
		text += fmt.Sprintf(`,"%d":"x"`, i)
	}
	return `{"states":{` + text[1:] + `}}`
}

func badSize(t *testing.T, r *registry) {
	mustPut(t, r.Service, "a", 1)
	l := mustAcquire(t, r.Service, "a")
	room := strings.Repeat(" ", 64<<10)
	for operation, body := range map[string]string{
		"acquire": `{"endpoints":["a"],"owner":"me","ttl_ms":60000}`, "renew": `{"ttl_ms":900000}`, "write": `{"states":{"1":"x"}}`,
		"query": `{"resources":[1]}`, "put-endpoint": `{"resources":[1]}`,
	} {
		requireBad(t, r, "64 KB and more", operation, "body", request{endpoint: "b", lease: l.Lease, token: fmt.Sprint(l.Token), body: body + room})
	}
	require.Len(t, mustRegistry(t, r.Service), 1)
	require.Equal(t, l, requireLease(t, 200, ask(t, r.Service, "leases", request{lease: l.Lease})))
	requireState(t, r.Store, "initial", 1)
}
