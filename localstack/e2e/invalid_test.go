package e2e_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
)

// wrong is a request that no operation takes, with the field that it is told.
type wrong struct{ method, path, body, field string }

// names returns a JSON array of n endpoints that nobody knows.
func names(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"no-such-%d"`, i)
	}
	return "[" + strings.Join(all, ",") + "]"
}

func wrongRequests() map[string]wrong {
	acquire := func(endpoints, more string) string {
		return `{"endpoints": ` + endpoints + `, "ttl_ms": 1000` + more + `}`
	}
	long := strings.Repeat("x", 101)
	return map[string]wrong{
		"an acquire without a body":           {"POST", "/leases", "", "body"},
		"an acquire that is no JSON":          {"POST", "/leases", "endpoints", "body"},
		"an acquire of nothing":               {"POST", "/leases", acquire("[]", ""), "endpoints"},
		"an acquire of 101 endpoints":         {"POST", "/leases", acquire(names(101), ""), "endpoints"},
		"an acquire of one endpoint twice":    {"POST", "/leases", acquire(`["a", "b", "a"]`, ""), "endpoints"},
		"an acquire of a number":              {"POST", "/leases", acquire(`["a", 1]`, ""), "endpoints[1]"},
		"an acquire without ttl_ms":           {"POST", "/leases", `{"endpoints": ["a"]}`, "ttl_ms"},
		"an acquire for 99 ms":                {"POST", "/leases", `{"endpoints": ["a"], "ttl_ms": 99}`, "ttl_ms"},
		"an acquire for too long":             {"POST", "/leases", `{"endpoints": ["a"], "ttl_ms": 900001}`, "ttl_ms"},
		"an acquire that waits for too long":  {"POST", "/leases", acquire(`["a"]`, `, "wait_ms": 25001`), "wait_ms"},
		"an acquire with too long an owner":   {"POST", "/leases", acquire(`["a"]`, `, "owner": "`+long+`"`), "owner"},
		"an acquire with an owner of no UTF8": {"POST", "/leases", acquire(`["a"]`, ", \"owner\": \"\xff\""), "owner"},
		"a look that waits for a word":        {"GET", "/leases?wait_ms=long", "", "wait_ms"},
		"a list of no leases":                 {"GET", "/leases?limit=0", "", "limit"},
		"a list from nowhere":                 {"GET", "/leases?cursor=-1", "", "cursor"},
		"a renewal without ttl_ms":            {"PUT", "/leases", `{}`, "ttl_ms"},
		"a write of nothing":                  {"PUT", "/resources", `{"states": {}}`, "states"},
		"a write of a word":                   {"PUT", "/resources", `{"states": {"x": "on"}}`, "states"},
		"a write of a number":                 {"PUT", "/resources", `{"states": {"1": 1}}`, "states[1]"},
		"a write of too long a state":         {"PUT", "/resources", `{"states": {"1": "` + strings.Repeat("x", 1001) + `"}}`, "states[1]"},
		"a query of nothing":                  {"POST", "/query", `{"resources": []}`, "resources"},
		"a query of 1,001 resources":          {"POST", "/query", `{"resources": [` + strings.Repeat("1,", 1000) + `1]}`, "resources"},
		"a query of a negative id":            {"POST", "/query", `{"resources": [1, -1]}`, "resources[1]"},
		"a query that waits for too long":     {"POST", "/query", `{"resources": [1], "wait_ms": 25001}`, "wait_ms"},
	}
}

// Bad input is told what is wrong with it, and where.
func TestBadInputIsToldItsField(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		lease := map[string]string{"Lease": rand.Text(), "Fencing-Token": "1"}
		for what, w := range wrongRequests() {
			play(t, s.locks, []step{{what: what, method: w.method, path: w.path, body: w.body, header: lease, status: 400, field: w.field}})
		}
		for _, secret := range []string{"", "too-short", strings.Repeat("x", 201), "with spaces in it, but long enough"} {
			for _, w := range []wrong{
				{"PUT", "/leases", `{"ttl_ms": 1000}`, "Lease"},
				{"DELETE", "/leases", "", "Lease"},
				{"PUT", "/resources", `{"states": {"1": "on"}}`, "Lease"},
			} {
				play(t, s.locks, []step{{what: "no lease's id", method: w.method, path: w.path, body: w.body,
					header: map[string]string{"Lease": secret, "Fencing-Token": "1"}, status: 400, field: "Lease"}})
			}
		}
		for _, token := range []string{"", "0", "-1", "1e3"} {
			play(t, s.locks, []step{{what: "no token", method: "PUT", path: "/resources", body: `{"states": {"1": "on"}}`,
				header: map[string]string{"Lease": rand.Text(), "Fencing-Token": token}, status: 400, field: "Fencing-Token"}})
		}
	})
}

// What is well-formed but names what is not there is no bad input.
func TestUnknownEndpointsAreNamed(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		e, _ := free(t, s.locks)
		play(t, s.locks, []step{
			{what: "lease one that nobody knows", method: "POST", path: "/leases", status: 404, error: "'no-such' not found",
				body: jsonOf(t, map[string]any{"endpoints": []string{e.Name, "no-such"}, "ttl_ms": 1000}), check: shows(s.locks, e.Name, false)},
			{what: "break one that nobody knows", method: "POST", path: "/leases/no-such/break", header: map[string]string{"X-Operator": "me"},
				status: 404, error: "there is no such lease, or not any more"},
		})
	})
}
