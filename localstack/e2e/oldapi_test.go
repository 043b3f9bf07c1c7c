package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/shared/syncquery"
)

// free returns an endpoint that is not locked and serves something, and an id that
// it doesn't serve.
func free(t *testing.T, base string) (endpoint syncquery.Endpoint, foreign string) {
	t.Helper()
	for _, e := range registryOf(t, base) {
		if !e.Locked && len(e.Resources) > 0 {
			return e, "987654321"
		}
	}
	t.Fatal("no free endpoint to try things on")
	return endpoint, ""
}

// The old API, case by case, against any server.
func TestOldAPI(t *testing.T) {
	everyServer(t, func(t *testing.T, s server) {
		base := s.locks
		e, foreign := free(t, base)
		name, at := e.Name, "/"+url.PathEscape(e.Name)
		served, err := json.Marshal(e.Resources[0])
		require.NoError(t, err)
		reading := at + "/resource/" + string(served)
		steps := []step{
			{what: "lock an unknown endpoint", method: "POST", path: "/no-such/lock", status: 404, error: "'no-such' not found"},
			{what: "free an unknown endpoint", method: "DELETE", path: "/no-such/lock", status: 404, error: "'no-such' not found"},
			{what: "read at an unknown endpoint", method: "GET", path: "/no-such/resource/1", status: 404, error: "'no-such' not found"},
			{what: "unknown comes before not an integer", method: "GET", path: "/no-such/resource/x", status: 404, error: "'no-such' not found"},
			{what: "names are case-sensitive", method: "POST", path: swapCase(at) + "/lock", status: 404, error: "'" + swapCase(name) + "' not found"},
			{what: "free what is free", method: "DELETE", path: at + "/lock", status: 403, error: "'" + name + "' is already unlocked"},
			{what: "read what is not locked", method: "GET", path: reading, status: 403, error: "'" + name + "' must be locked to access its state"},
			{what: "served comes before locked", method: "GET", path: at + "/resource/" + foreign, status: 404, error: "'" + name + "' does not expose resource '" + foreign + "'"},
			{what: "lock", method: "POST", path: at + "/lock", status: 200, check: shows(base, name, true)},
			{what: "lock again", method: "POST", path: at + "/lock", status: 403, error: "'" + name + "' is already locked"},
			{what: "read", method: "GET", path: reading, status: 200, check: isState},
			{what: "read what is not served there", method: "GET", path: at + "/resource/" + foreign, status: 404, error: "'" + name + "' does not expose resource '" + foreign + "'"},
		}
		for _, id := range []string{"x", "1.5", "-1", "1e3", "0x1", "99999999999999999999", "%D9%A1", "1%20"} {
			plain, err := url.PathUnescape(id)
			require.NoError(t, err)
			steps = append(steps, step{what: "read what is no id", method: "GET", path: at + "/resource/" + id, status: 404, error: "'" + name + "' does not expose resource '" + plain + "'"})
		}
		steps = append(steps,
			step{what: "free", method: "DELETE", path: at + "/lock", status: 200, check: shows(base, name, false)},
			step{what: "free again", method: "DELETE", path: at + "/lock", status: 403, error: "'" + name + "' is already unlocked"},
		)
		play(t, base, steps)
	})
}

// What our own server adds for operators.
func TestEndpointsArePutAndDeleted(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		base := s.locks
		for _, name := range []string{"e2e", "e2e a.b", "e2e-ключ", "e2e%41", "e2e#+?"} {
			at := "/" + url.PathEscape(name)
			play(t, base, []step{
				{what: "add", method: "PUT", path: at, body: `{"resources": [7, 5]}`, status: 200, check: shows(base, name, false, 5, 7)},
				{what: "change", method: "PUT", path: at, body: `{"resources": [6], "more": 1}`, status: 200, check: shows(base, name, false, 6)},
				{what: "lock", method: "POST", path: at + "/lock", status: 200},
				{what: "change while it is locked", method: "PUT", path: at, body: `{"resources": []}`, status: 409, error: "'" + name + "' is locked"},
				{what: "delete while it is locked", method: "DELETE", path: at, status: 409, error: "'" + name + "' is locked", check: shows(base, name, true, 6)},
				{what: "free", method: "DELETE", path: at + "/lock", status: 200},
				{what: "no resources", method: "PUT", path: at, body: `{}`, status: 400, field: "resources"},
				{what: "null for resources", method: "PUT", path: at, body: `{"resources": null}`, status: 400, field: "resources"},
				{what: "a string for an id", method: "PUT", path: at, body: `{"resources": [1, "2"]}`, status: 400, field: "resources[1]"},
				{what: "an id twice", method: "PUT", path: at, body: `{"resources": [1, 1]}`, status: 400, field: "resources"},
				{what: "no JSON", method: "PUT", path: at, body: `resources`, status: 400, field: "body"},
				{what: "no body", method: "PUT", path: at, status: 400, field: "body"},
				{what: "too large a body", method: "PUT", path: at, body: strings.Repeat(" ", 65<<10), status: 400, error: "the body is larger than 65536 bytes", field: "body", check: shows(base, name, false, 6)},
				{what: "delete", method: "DELETE", path: at, status: 200},
				{what: "delete again", method: "DELETE", path: at, status: 404, error: "'" + name + "' not found"},
				{what: "lock what is gone", method: "POST", path: at + "/lock", status: 404, error: "'" + name + "' not found"},
			})
		}
		for _, name := range []string{"registry", "leases", "resources", "query", "watch", "health"} {
			field := "endpoint"
			switch {
			case name == "leases" || name == "resources":
				field = "Lease" // to put there means something else, and says what it wants
			case name != "watch" && s.behindAGateway():
				continue // the gateway has a route for the name, and refuses other methods there by itself
			}
			play(t, base, []step{{what: "a reserved name", method: "PUT", path: "/" + name, body: `{"resources": []}`, status: 400, field: field}})
		}
	})
}

// What has no route is refused in JSON too, by us or by the gateway before us.
func TestAPathOfNobody(t *testing.T) {
	ourServers(t, func(t *testing.T, s server) {
		notOnLocalStack(t, s, "it ignores gateway responses, and answers in words of its own")
		status := http.StatusNotFound
		if s.behindAGateway() {
			status = http.StatusForbidden // "Missing Authentication Token"
		}
		for _, path := range []string{"/", "/a/b/c/d", "/a/resource"} {
			got := call(t, s.locks, step{method: "GET", path: path})
			require.Equal(t, status, got.status, path)
			var answer map[string]any
			require.NoError(t, json.Unmarshal(got.body, &answer))
			require.NotEmpty(t, answer["error"], path)
		}
	})
}

func swapCase(s string) string {
	if upper := strings.ToUpper(s); upper != s {
		return upper
	}
	return strings.ToLower(s)
}

// shows checks that the registry has the endpoint so.
func shows(base, name string, locked bool, ids ...int64) func(*testing.T, []byte) {
	return func(t *testing.T, _ []byte) {
		t.Helper()
		registry := registryOf(t, base)
		i := slices.IndexFunc(registry, func(e syncquery.Endpoint) bool { return e.Name == name })
		require.GreaterOrEqual(t, i, 0, "%s is not in the registry", name)
		require.Equal(t, locked, registry[i].Locked)
		if ids != nil {
			require.Equal(t, ids, registry[i].Resources)
		}
	}
}

func isState(t *testing.T, body []byte) {
	t.Helper()
	var answer map[string]any
	require.NoError(t, json.Unmarshal(body, &answer))
	require.IsType(t, "", answer["state"])
}
